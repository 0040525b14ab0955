"""How good the predictions are: every metric, curves, calibration, confusion or residuals."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.bars import columns
from ninefold.report.charts.heatmap import confusion
from ninefold.report.charts.intervals import Row, forest
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.charts.scatter import scatter
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    details,
    figure,
    grid,
    interval,
    join,
    number,
    paragraph,
    percent,
    prose,
    table,
    tag,
)
from ninefold.report.section import Section
from ninefold.report.wording import units

UNIT = (0.0, 1.0)
SAME = 0.01
"""Calibration errors this close are the same."""


class Predictions(Section):
    """Metrics with intervals, and the pictures of the task."""

    title = "The predictions"
    order = 90
    sources = ("evaluation",)

    def render(self, evidence: Evidence) -> Html:
        found = evidence.evaluation
        drawn = [
            *_curves(found),
            *_calibration(found),
            *_confusion(found),
            *_residuals(found),
        ]
        return join([_metrics(evidence), grid(drawn), *_quantiles(found), *_outputs(found)])


def _quantiles(found: Mapping[str, Any], title: str = "Quantiles") -> list[Html]:
    """Hold what quantiles promise against how many rows lie below them."""
    content = found.get("quantiles")
    if not content:
        return []
    body = [
        (
            f"{100 * level['quantile']:.4g}%",
            percent(level["below"]["value"]),
            f"{percent(level['below']['low'])} to {percent(level['below']['high'])}"
            if level["below"]["low"] is not None
            else "–",
            number(level["pinball"]["value"]),
        )
        for level in content["levels"]
    ]
    header = ("quantile", "rows below it", "interval", "pinball loss")
    said = _between(found, content) if "between" in content else (
        f"The value is meant to lie above {body[0][0]} of all rows. "
    )  # fmt: skip
    said += (
        "On the valid rows a quantile was moved until its share held (conformalized), but that of "
        "one half, and unless `train.calibrate` is false."
    )
    return [tag("h3", title), paragraph(prose(said)), table(header, body, (1, 2, 3))]


def _between(found: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """Say how many rows lie between the lowest and the highest quantile."""
    between = content["between"]
    return (
        f"Between the lowest and the highest quantile lie {percent(between['value'])} of the test "
        f"rows, {percent(between['nominal'])} was meant; they are {number(content['mean_width'])} "
        f"apart on average, {units(found)}. "
    )


def _outputs(found: Mapping[str, Any]) -> list[Html]:
    """Draw each of several targets by itself, in its own units."""
    outputs: Mapping[str, Any] = found.get("outputs") or {}
    if not outputs:
        return []
    names = list(next(iter(outputs.values()))["test"])
    body = [
        (tag("b", target), *(_with_interval(one["test"][name]) for name in names))
        for target, one in outputs.items()
    ]
    what = "Each target by itself, in its own units" if found.get("residuals") else "Each label"
    parts = [
        tag("h3", "Target by target"),
        paragraph(f"{what}; the pictures above show all of them together."),
        table(("target", *names), body, range(1, len(names) + 1)),
    ]
    for target, one in outputs.items():
        own = {**one, "target": target}
        drawn = [*_curves(own), *_calibration(own), *_confusion(own), *_residuals(own)]
        parts += _quantiles(own, f"Quantiles of {target}")
        parts.append(details(f"Pictures of {target}", grid(drawn)))
    return parts


def _with_interval(estimate: Mapping[str, Any]) -> str:
    if estimate["value"] is None:
        return str(estimate.get("reason", "–"))
    return f"{number(estimate['value'])} ({interval(estimate)})"


def _metrics(evidence: Evidence) -> Html:
    found = evidence.evaluation
    sure = f"{found['resampled']['confidence']:.0%}"
    body = []
    for name, test in found["test"].items():
        valid = found["valid"].get(name, {})
        title = tag("b", name, " (reported)") if name == evidence.metric else name
        value = number(test["value"]) if test["value"] is not None else test.get("reason", "–")
        body.append((title, value, interval(test), number(valid.get("value"))))
    resampled = found["resampled"]
    unit, drawn = resampled.get("unit", "row"), number(resampled.get("count"))
    alone = unit == "row"
    units = f"{drawn} rows" if alone else f"{drawn} blocks (unit: {unit})"
    together = "" if alone else ", what belongs together staying together"
    return join(
        [
            table(("metric", "test", f"{sure} interval", "valid"), body, (1, 2, 3)),
            paragraph(f"Intervals are by bootstrap: {units} drawn again and again{together}."),
        ]
    )


def _curves(found: Mapping[str, Any]) -> list[Html]:
    curves, pictures = found.get("curves") or {}, []
    if curves.get("roc"):
        points = [(p["fpr"], p["tpr"]) for p in curves["roc"]]
        drawn = lines(
            "ROC curve",
            [Curve("network", points, "network")],
            "share of false alarms",
            "share found",
            x_range=UNIT,
            y_range=UNIT,
            guide=((0, 0), (1, 1)),
        )
        pictures.append(figure(drawn, "ROC: share found against false alarms; dotted: guessing"))
    if curves.get("pr"):
        points = [(p["recall"], p["precision"]) for p in curves["pr"]]
        drawn = lines(
            "Precision and recall",
            [Curve("network", points, "network")],
            "recall: share found",
            "precision: share of alarms that are right",
            x_range=UNIT,
            y_range=UNIT,
        )
        pictures.append(figure(drawn, "Precision against recall"))
    return pictures


def _calibration(found: Mapping[str, Any]) -> list[Html]:
    content = found.get("calibration") or {}
    if not content.get("after"):
        return []
    drawn = []
    for key, name, css in (("before", "as trained", "other"), ("after", "as shipped", "network")):
        bins = (content.get(key) or {}).get("bins") or []
        points = [(item["predicted"], item["observed"]) for item in bins]
        if points:
            drawn.append(Curve(name, points, css, has_dots=True))
    if not drawn:
        return []
    top = max([v for curve in drawn for point in curve.points for v in point] + [0.05]) * 1.06
    top = min(top, 1.0)
    picture = lines(
        "Calibration",
        drawn,
        "predicted probability",
        "how often it came true",
        x_range=(0.0, top),
        y_range=(0.0, top),
        guide=((0, 0), (top, top)),
    )
    error = number(content["after"]["ece"], 2)
    caption = f"Calibration: on the dotted line, 30 % means 30 % (error {error})"
    before = (content.get("before") or {}).get("ece")
    if before is not None and before < content["after"]["ece"] - SAME:
        caption += (
            f". Here it was better as trained ({number(before, 2)}): the valid part, which sets "
            "the temperature, differs from the test part"
        )
    return [figure(picture, caption)]


def _confusion(found: Mapping[str, Any]) -> list[Html]:
    content = found.get("confusion")
    if not content:
        return []
    threshold = found.get("threshold")
    caption = "Confusion: each row adds up to 100 % of a true class"
    if threshold is not None:
        caption += f"; “{found.get('positive')}” from a probability of {number(threshold)} on"
    return [figure(confusion(caption, content["classes"], content["counts"]), caption)]


def _residuals(found: Mapping[str, Any]) -> list[Html]:
    content = found.get("residuals")
    if not content:
        return []
    points = [(p["predicted"], p["actual"]) for p in content["points"]]
    bars = content["histogram"]
    target = found.get("target")
    return [
        figure(
            scatter("Actual against predicted", points, "predicted", "actual"),
            f"“{target}”: actual against predicted; on the dotted line both are equal",
        ),
        figure(
            columns("Errors", bars["counts"], bars["edges"], "actual minus predicted"),
            f"Errors, {units(found)}; the end bars hold everything beyond",
        ),
        *_by_size(content.get("by_predicted") or []),
    ]


def _by_size(rows: list[Mapping[str, Any]]) -> list[Html]:
    if not rows:
        return []
    drawn = [
        Row(f"{number(r['low'], 3)} to {number(r['high'], 3)}", r["mae"], css="network")
        for r in rows
    ]
    caption = "Mean absolute error by the size of the prediction"
    return [figure(forest(caption, drawn, "mean absolute error"), caption)]
