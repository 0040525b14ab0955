"""The page on fresh rows: verdict, what moved, what the suite found."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from ninefold.report.comparisons import TONES, comparisons, messages
from ninefold.report.markup import (
    Html,
    badge,
    card,
    cards,
    join,
    tag,
)
from ninefold.report.page import sheet
from ninefold.report.sections.quality import failure

DOCS = "../fresh_docs/index.html"
HISTORY = "../../.ninefold/quality_history.svg"
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
    past = Html(f'<img src="{HISTORY}" alt="no earlier validations" style="width:min(640px,100%)">')
    return "In short", join([body, tag("p", "Validations so far:", class_="soft"), past])


def _findings(report: Mapping[str, Any]) -> tuple[str, Html]:
    lines = messages(report["findings"])
    return "Against the training data", join(lines) or tag("p", "Nothing moved beyond chance.")


def _suite(report: Mapping[str, Any]) -> tuple[str, Html]:
    failed = [item for item in report["expectations"] if not item["success"]]
    failed.sort(key=lambda item: item["severity"] != "block")
    if not report["expectations"]:
        return "Against the suite", Html()
    docs = tag("p", "Every rule stands in the ", tag("a", "Data Docs", href=DOCS), ".")
    return "Against the suite", join([docs, *(failure(item, SHOWN) for item in failed)])


def _comparison(report: Mapping[str, Any]) -> tuple[str, Html]:
    said = (
        "Size is the change of the missing rate, or the population stability index less what "
        "chance gives (above 0.25: large). q is p corrected for the number of tests."
    )
    return "Every comparison", comparisons(report["comparison"], itemgetter("what"), _mark, said)


def _mark(item: Mapping[str, Any]) -> Html | str:
    return badge("shifted", "warn") if item["shifted"] else ""
