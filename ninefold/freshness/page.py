"""The page on fresh rows: verdict, what moved, what the suite found."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.markup import (
    Html,
    Tone,
    badge,
    callout,
    card,
    cards,
    code,
    details,
    join,
    number,
    percent,
    prose,
    table,
    tag,
)
from ninefold.report.page import sheet
from ninefold.report.sections.quality import failure

DOCS = "../fresh_docs/index.html"
HISTORY = "../../.ninefold/quality_history.svg"
TONES: Mapping[str, Tone] = {"pass": "good", "warn": "warn", "block": "bad"}
SHOWN = 20


def render(report: Mapping[str, Any]) -> str:
    """Return one page without script; the same report gives the same bytes."""
    parts = [_head(report), _findings(report), _suite(report), _comparison(report)]
    return sheet("Ninefold: fresh data", f"{report['data']}: {report['verdict']}", parts)


def _head(report: Mapping[str, Any]) -> tuple[str, Html]:
    counts = report["counts"]
    shifted = sum(bool(item["shifted"]) for item in report["comparison"])
    body = cards(
        card("Verdict", report["verdict"], tone=TONES[report["verdict"]]),
        card("Rows", f"{report['rows']:,}"),
        card("Rules met", f"{counts['passed']} of {counts['expectations']}"),
        card("Shifts", f"{shifted}", f"of {len(report['comparison'])} comparisons"),
    )
    past = Html(f'<img src="{HISTORY}" alt="no earlier validations" width="640">')
    return "In short", join([body, tag("p", "Validations so far:", class_="soft"), past])


def _findings(report: Mapping[str, Any]) -> tuple[str, Html]:
    lines = [
        callout(
            "bad" if item["severity"] == "block" else "warn",
            badge(item["severity"], "bad" if item["severity"] == "block" else "warn"),
            " ",
            prose(item["message"]),
        )
        for item in report["findings"]
    ]
    if report["unknown_columns"]:
        names = join((code(name) for name in report["unknown_columns"][:SHOWN]), ", ")
        lines.append(callout("plain", "Columns that training did not have, left aside: ", names))
    return "Against the training data", join(lines) or tag("p", "Nothing moved beyond chance.")


def _suite(report: Mapping[str, Any]) -> tuple[str, Html]:
    failed = [item for item in report["expectations"] if not item["success"]]
    failed.sort(key=lambda item: item["severity"] != "block")
    if not report["expectations"]:
        return "Against the suite", Html()
    docs = tag("p", "Every rule stands in the ", tag("a", "Data Docs", href=DOCS), ".")
    return "Against the suite", join([docs, *(failure(item, SHOWN) for item in failed)])


def _comparison(report: Mapping[str, Any]) -> tuple[str, Html]:
    if not report["comparison"]:
        return "Every comparison", Html()
    body = [
        (
            code(item["column"]),
            item["what"],
            badge("shifted", "warn") if item["shifted"] else "",
            percent(item["size"]) if item["what"] == "missing" else number(item["size"], 2),
            item["test"],
            number(item["p"], 2),
            number(item["q"], 2),
        )
        for item in report["comparison"]
    ]
    header = ("column", "of", "", "size", "test", "p", "q")
    said = (
        "Size is the change of the missing rate, or the population stability index less what "
        "chance gives (above 0.25: large). q is p corrected for the number of tests."
    )
    listed = details(f"All {len(body)} comparisons", table(header, body, (3, 5, 6)))
    return "Every comparison", join([tag("p", said), listed])
