"""What the training run says about its own settings, and how the learning rate was found."""

from collections.abc import Mapping
from typing import Any

from ninefold.problem import LEARNED
from ninefold.report.charts.bars import shares
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    badge,
    count,
    details,
    figure,
    join,
    number,
    paragraph,
    prose,
    table,
    tag,
)
from ninefold.report.section import Section

COLOURS = ("network", "rival", "data")


class Diagnosis(Section):
    """Findings, each with the picture it rests on and the change to try."""

    title = "Diagnosis of training"
    order = 72
    sources = ("network", "diagnosis")
    tasks = (*LEARNED, "tagging", "anomaly", "embedding", "generation")

    def render(self, evidence: Evidence) -> Html:
        report = evidence.diagnosis
        findings, kinds = report["findings"], report["looked_for"]
        said = f"Training was looked through for {count(len(kinds), 'symptom')}; "
        said += (
            f"{count(len(findings), 'finding')}. `ninefold diagnose --try` runs what they advise."
            if findings
            else "nothing was found."
        )
        curve = evidence.network["facts"].get("lr_finder")
        return join(
            [
                paragraph(prose(said)),
                *(_finding(item) for item in findings),
                _range_test(curve) if curve else "",
                details("What was looked for", paragraph(", ".join(kinds))),
            ]
        )


def _finding(item: Mapping[str, Any]) -> Html:
    body = [(key.replace("_", " "), _worded(value)) for key, value in item["evidence"].items()]
    return tag(
        "div",
        tag("p", badge("finding", "warn"), " ", tag("b", item["kind"])),
        paragraph(prose(item["message"])),
        paragraph(tag("b", "What to do: "), prose(item["remedy"])),
        figure(picture(item["picture"]), item["picture"]["title"]),
        details("Evidence", table(("what", "found"), body)),
        class_="callout warn",
    )


def picture(content: Mapping[str, Any]) -> Html:
    """Draw the picture of a finding."""
    if content["kind"] == "bars":
        rows = [(str(name), float(share), str(text)) for name, share, text in content["rows"]]
        return shares(content["title"], rows)
    curves = [
        Curve(
            item["name"],
            [(float(x), float(y)) for x, y in item["points"] if x is not None and y is not None],
            COLOURS[position % len(COLOURS)],
            has_dots=len(item["points"]) <= 60,
        )
        for position, item in enumerate(content["curves"])
    ]
    marked = content.get("marked")
    return lines(
        content["title"],
        curves,
        content["x"],
        content["y"],
        marked_x=(float(marked[0]), str(marked[1])) if marked else None,
    )


def _range_test(found: Mapping[str, Any]) -> Html:
    from math import log10

    points = [(log10(r), loss) for r, loss in zip(found["rates"], found["losses"], strict=True)]
    chart = lines(
        "Loss by learning rate",
        [Curve("train", points, "network")],
        "log10 of the learning rate",
        "smoothed loss",
        marked_x=(log10(found["lr"]), f"taken: {found['lr']:g}"),
    )
    return figure(chart, "Range test: the learning rate that was taken, and the losses behind it")


def _worded(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_worded(inner)}" for key, inner in value.items())
    return number(value) if isinstance(value, float) else str(value)
