"""The page on a model in use: verdict, what moved, pictures, performance."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninefold.monitoring.comparing import ranges
from ninefold.report.charts.pairs import pairs
from ninefold.report.comparisons import TONES, comparisons, messages
from ninefold.report.markup import (
    Html,
    badge,
    callout,
    card,
    cards,
    code,
    figure,
    grid,
    interval,
    join,
    number,
    percent,
    table,
    tag,
)
from ninefold.report.page import sheet

HISTORY = "../../.ninefold/monitor_history.svg"
DRAWN, LEVELS, FLAGGED = 12, 12, 20


def render(report: Mapping[str, Any]) -> str:
    """Return one page without script; the same report gives the same bytes."""
    parts = [
        _head(report),
        _findings(report),
        _predictions(report),
        _performance(report),
        _inputs(report),
        _flags(report),
        _comparison(report),
    ]
    title = f"{report['model']['name']} on {report['data']}: {report['verdict']}"
    return sheet("Ninefold: a model in use", title, parts)


def _head(report: Mapping[str, Any]) -> tuple[str, Html]:
    moved = [item for item in report["comparison"] if item["severity"] != "pass"]
    body = [
        cards(
            card("Verdict", report["verdict"], tone=TONES[report["verdict"]]),
            card("Rows", f"{report['rows']:,}", f"beside {report['reference_rows']:,} of training"),
            card("Moved", f"{len(moved)}", f"of {len(report['comparison'])} comparisons"),
            card("Version", report["model"]["version"]),
        )
    ]
    if not report["is_judged"]:
        said = f"Fewer than {report['min_rows']:,} rows: nothing is judged."
        body.append(callout("plain", said))
    for name, said in (("failed", "without a prediction"), ("aside", "of another version")):
        if report.get(name):
            body.append(tag("p", f"{report[name]:,} rows {said} are left aside.", class_="soft"))
    past = Html(f'<img src="{HISTORY}" alt="no earlier looks" width="640">')
    return "In short", join([*body, tag("p", "So far:", class_="soft"), past])


def _findings(report: Mapping[str, Any]) -> tuple[str, Html]:
    lines = messages(report["findings"])
    return "Against the train rows", join(lines) or tag("p", "Nothing moved beyond chance.")


def _predictions(report: Mapping[str, Any]) -> tuple[str, Html]:
    return "Predictions", _pictures([i for i in report["comparison"] if i["part"] == "prediction"])


def _inputs(report: Mapping[str, Any]) -> tuple[str, Html]:
    shown = [i for i in report["comparison"] if i["part"] == "input" and i["what"] == "values"]
    return "Inputs, those that moved most first", _pictures(shown)


def _pictures(items: Sequence[Mapping[str, Any]]) -> Html:
    drawn = [item for item in items if item["levels"] or item["edges"]][:DRAWN]
    return grid(_picture(item) for item in drawn) if drawn else Html()


def _picture(item: Mapping[str, Any]) -> Html:
    rows = sorted(
        (
            row
            for row in zip(_names(item), item["before"], item["now"], strict=True)
            if any(row[1:])
        ),
        key=lambda row: -max(row[1:]) if item["levels"] else 0,
    )[:LEVELS]
    tone = TONES[item["severity"]]
    caption = join([code(item["column"]), " ", badge(f"PSI {number(item['size'], 2)}", tone)])
    return figure(pairs(f"{item['column']}: shares in training and now", rows), caption)


def _names(item: Mapping[str, Any]) -> list[str]:
    """Return what stands between the marks."""
    if item["levels"]:
        return [str(name) for name in item["levels"]]
    return ranges(item["edges"])


def _performance(report: Mapping[str, Any]) -> tuple[str, Html]:
    found = report["performance"]
    if not found:
        return "Performance", Html()
    rows = [
        (code(name), _estimate(found["test"].get(name)), _estimate(now))
        for name, now in found["now"].items()
    ]
    said = f"{found['rows']:,} rows have a label, {found['without_label']:,} have none yet."
    if found["unknown_labels"]:
        said += f" {found['unknown_labels']:,} labels are {found['unknown_are']}."
    lines = [tag("p", said), table(("metric", "test part", "now"), rows, (1, 2))]
    return "Performance on labelled rows", join(lines)


def _estimate(found: Mapping[str, Any] | None) -> str:
    if not found or found.get("value") is None:
        return "–"
    return f"{number(found['value'])} ({interval(found)})"


def _flags(report: Mapping[str, Any]) -> tuple[str, Html]:
    found = [
        (kind.replace("_", " "), code(name), f"{rows:,}", percent(rows / max(report["rows"], 1)))
        for kind, columns in report["flagged"].items()
        for name, rows in sorted(columns.items(), key=lambda item: (-item[1], item[0]))[:FLAGGED]
    ]
    if not found:
        return "Unusual cells", Html()
    return "Unusual cells", table(("what", "column", "rows", "share"), found, (2, 3))


def _comparison(report: Mapping[str, Any]) -> tuple[str, Html]:
    said = (
        "Size is the change of the missing rate, or the population stability index less what "
        "chance gives. q is p corrected for the number of tests. Numbers are compared at the train "
        "deciles."
    )
    return "Every comparison", comparisons(report["comparison"], _of, _mark, said)


def _of(item: Mapping[str, Any]) -> str:
    return f"{item['part']}, {item['what']}"


def _mark(item: Mapping[str, Any]) -> Html | str:
    return "" if item["severity"] == "pass" else badge(item["severity"], TONES[item["severity"]])
