"""Rows through the bottleneck and back: errors, threshold, size against loss, strangest rows."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.bars import shares
from ninefold.report.charts.errors import errors
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    code,
    count,
    details,
    figure,
    grid,
    join,
    number,
    paragraph,
    percent,
    table,
    tag,
)
from ninefold.report.section import Section
from ninefold.report.sections.pictures import picture

MAX_COLUMNS = 20


class ReconstructionSection(Section):
    """Errors with the threshold, loss by epoch, size against loss, columns, strangest rows."""

    title = "Rows through the bottleneck"
    order = 30
    sources = ("evaluation", "network")
    tasks = ("anomaly", "embedding")

    def render(self, evidence: Evidence) -> Html:
        found, facts = evidence.evaluation, evidence.network["facts"]
        back = found["reconstruction"]
        return join(
            [
                paragraph(_said(facts, back)),
                grid([_errors(found["errors"]), _loss(found["history"], facts), _sizes(back)]),
                tag("h3", "What comes back"),
                *(_pictures(part) for part in found.get("gallery", ())),
                _columns(back["columns"], evidence) if back["columns"] else "",
                details("The most unusual rows", _strangest(found["strangest"], evidence)),
            ]
        )


def _said(facts: Mapping[str, Any], back: Mapping[str, Any]) -> str:
    held = 1 - back["valid_error"] / back["variance"]
    kind = "variational " if facts["settings"]["variational"] else ""
    kind = "denoising " if facts["settings"]["noise"] else kind
    said = (
        f"A {kind}AutoEncoder with {number(facts['parameters'])} parameters squeezes "
        f"{count(back['coordinates'], 'coordinate')} into {back['latent']} and gives back "
        f"{percent(held)} of the variance of the valid rows; epoch {facts['best_epoch']} of "
        f"{facts['epochs']}, the best on valid, was kept."
    )
    if "threshold" in facts:
        said += (
            " A row is as unusual as its code, and what does not come back of it, are far from the "
            f"train rows' (about 2 is usual). Above {number(facts['threshold'])} it raises an "
            f"alarm: {percent(facts['alarm_rate'])} of such rows as were held back do."
        )
    return said


def _pictures(part: Mapping[str, Any]) -> Html:
    """Draw pictures, each above what came back of it."""
    pairs = [
        tag(
            "div",
            picture(item["pictures"][0], f"row {item['row']}"),
            picture(item["pictures"][1], f"error {number(item['error'], 2)}"),
        )
        for item in part["rows"]
    ]
    said = f"Test pictures, {part['title']}; below each what came back"
    return join([paragraph(said), tag("div", *pairs, class_="thumbs")])


def _errors(found: Mapping[str, Any]) -> Html:
    is_told = found["threshold"] is not None
    picture = errors(
        "Scores of the test rows" if is_told else "Errors of the test rows",
        found["edges"], found["ordinary"], found["anomalies"], found["threshold"],
        "log10 of the anomaly score" if is_told else "log10 of the mean squared error",
    )  # fmt: skip
    return figure(picture, f"How {'unusual' if is_told else 'far off'} the test rows are")


def _loss(history: list[Mapping[str, Any]], facts: Mapping[str, Any]) -> Html:
    if not history:
        return Html()
    curves = [
        Curve(name, [(row["epoch"], row[key]) for row in history], css)
        for key, name, css in (("train_loss", "train", "network"), ("valid_loss", "valid", "rival"))
    ]
    kept = (float(facts["best_epoch"]), f"kept: {facts['best_epoch']}")
    picture = lines("Loss by epoch", curves, "epoch", "loss", marked_x=kept)
    return figure(picture, "Loss: falling on train but rising on valid would be learning by heart")


def _sizes(back: Mapping[str, Any]) -> Html:
    own = [*back["sizes"], {"latent": back["latent"], "valid_error": back["valid_error"]}]
    own.sort(key=lambda item: item["latent"])
    curves = [
        Curve(name, [(item["latent"], item["valid_error"]) for item in items], css, has_dots=True)
        for items, name, css in (
            (back["linear_sizes"], "principal components", "rival"),
            (own, "AutoEncoder", "network"),
        )
    ]
    picture = lines(
        "Size of the code against loss", curves, "numbers in the code", "error on valid"
    )
    return figure(picture, "What a larger code would buy")


def _columns(columns: list[Mapping[str, Any]], evidence: Evidence) -> Html:
    rows = [
        (
            item["column"],
            max(item["value"] or 0.0, 0.0),
            f"{'R²' if item['measure'] == 'r2' else 'same'} {number(item['value'], 2)}",
        )
        for item in columns
        if item["column"] not in evidence.masked
    ]
    caption = "R² of numbers, share of rows with the same level; test rows"
    return figure(shares(caption, rows[:MAX_COLUMNS], "data"), caption)


def _strangest(rows: list[Mapping[str, Any]], evidence: Evidence) -> Html:
    body = [
        (
            item["row"],
            number(item["error"], 3),
            ", ".join(f"{name} ({percent(share)})" for name, share in item["columns"].items()),
        )
        for item in rows
    ]
    return table((code("row"), "score or error", "columns that come back worst"), body, (0, 1))
