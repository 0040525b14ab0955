"""Gaps that come together, values and rows far out, columns that repeat others, enough rows."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.lines import Curve, lines
from ninefold.report.charts.matrix import patterns
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    code,
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

MAX_GAPS = 15
MUCH = 10.0
COPY = 100_000
"""Beyond so large an inflation only rounding tells a column from a copy of the others."""
WORDS = {"roc_auc": "AUC", "accuracy": "accuracy", "r2": "R²"}


class Oddities(Section):
    """What a data scientist would look into before believing a model."""

    title = "Gaps, outliers, enough rows"
    order = 24
    sources = ("exploration",)

    def render(self, evidence: Evidence) -> Html:
        found = evidence.exploration
        return join(
            [
                tag("h3", "Gaps that come together"),
                _gaps(found["gaps"]),
                tag("h3", "Outliers"),
                _outliers(found["outliers"]),
                _collinear(found["collinearity"]),
                tag("h3", "Would more rows help?"),
                _curve(found.get("learning_curve")),
            ]
        )


def _gaps(gaps: Mapping[str, Any]) -> Html:
    if not gaps["columns"]:
        return paragraph("No value is missing in the train rows looked at.")
    names = [c["name"] for c in gaps["columns"]][:MAX_GAPS]
    rows = [(p["missing"], p["rows"]) for p in gaps["patterns"]]
    total = gaps["complete"] + sum(amount for _, amount in rows)
    said = f"{gaps['complete']:,} rows are complete"
    if gaps["other_patterns"]:
        said += f"; {gaps['other_patterns']} rarer patterns are not drawn"
    else:
        said += f" ({percent(gaps['complete'] / total)})" if total else ""
    picture = figure(patterns("Columns missing together", names, rows), "Patterns of gaps, by rows")
    body = [(code(p["a"]), code(p["b"]), number(p["phi"], 2)) for p in gaps["pairs"]]
    pairs = table(("gap in", "comes with one in", "correlation"), body, (2,)) if body else Html()
    return join([paragraph(f"{said}."), grid([picture, pairs])])


def _outliers(outliers: Mapping[str, Any]) -> Html:
    far = [(code(c["column"]), f"{c['far']:,}", number(c["most"], 3)) for c in outliers["columns"]]
    apart = [
        (r["row"], number(r["score"], 2), join([code(n) for n in r["columns"]], ", "))
        for r in outliers["rows"]
    ]
    lead = (
        f"A value counts as far out beyond {outliers['far_z']:g} robust standard deviations from "
        "the median; a row by how few random cuts set it apart (isolation forest, 0.5 is usual)."
    )
    tables = [
        table(("column", "far values", "farthest"), far, (1, 2)) if far else "",
        table(("row in the source", "isolation", "most unusual in"), apart, (0, 1))
        if apart
        else "",
    ]
    none = "" if far else paragraph("No value lies that far out.")
    return join([paragraph(lead), none, grid([t for t in tables if isinstance(t, Html) and t])])


def _collinear(found: Mapping[str, Any]) -> Html:
    if not found:
        return Html()
    much = [c for c in found["columns"] if c["vif"] > MUCH]
    said = f"Condition number of the number columns: {_bounded(found['condition'])}"
    said += " (above 30 they nearly repeat each other)" if found["condition"] > 30 else ""
    body = [(code(c["column"]), _bounded(c["vif"]), percent(1 - 1 / c["vif"])) for c in much]
    listed = table(("column", "VIF", "explained by the others"), body, (1, 2)) if body else Html()
    return join([tag("h3", "Columns that repeat others"), paragraph(f"{said}."), listed])


def _bounded(inflation: float) -> str:
    """Word a number that stops to mean anything where a column is as good as a copy."""
    return f"over {COPY:,}" if inflation > COPY else number(inflation, 3)


def _curve(curve: Mapping[str, Any] | None) -> Html:
    if not curve:
        return paragraph("There are too few rows to tell.")
    name, doubled = WORDS.get(curve["metric"], curve["metric"]), curve["doubled"]
    points = curve["points"]
    low, high = number(doubled["low"], 2), number(doubled["high"], 2)
    between = f" ({low} to {high} in repetitions)" if low != high else ""
    said = (
        f"Doubling the {curve['rows']:,} rows would buy about {number(doubled['gain'], 2)} {name}"
        f"{between}, as far as a small gradient boosting on growing parts of "
        "the train rows tells."
    )
    ends = [Curve("lowest", [(p["rows"], p["low"]) for p in points], "other"),
            Curve("highest", [(p["rows"], p["high"]) for p in points], "other")]  # fmt: skip
    picture = lines(
        "Learning curve",
        [
            Curve("mean", [(p["rows"], p["score"]) for p in points], "network", True),
            *(ends if between else ()),
        ],
        "train rows",
        name,
    )
    return join([paragraph(said), figure(picture, "Score on held-out train rows")])
