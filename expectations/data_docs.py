"""Data Docs that need no network and are the same for the same data.

Great Expectations renders the pages; its links to style sheets and scripts elsewhere give way to
one style sheet of ours beside the pages, and its random ids to numbers.
"""

import html
import re
from importlib import resources
from pathlib import Path
from typing import Any

from expectations.suite import Suite
from ninefold.files import replacing

RUN = "quality"
REMOTE = re.compile(
    r"<link\b[^>]*\bhref=[\"']?https?://[^>]*>|<script\b[^>]*\bsrc=[\"']?https?://[^>]*>\s*</script>"
    r"|<img\b[^>]*\bsrc=[\"']?https?://[^>]*>",
    re.IGNORECASE,
)
SCRIPT = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
STYLE = re.compile(r"<style\b.*?</style>", re.IGNORECASE | re.DOTALL)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
COUNTS = (
    "element_count",
    "missing_count",
    "missing_percent",
    "unexpected_count",
    "unexpected_percent",
    "unexpected_percent_nonmissing",
    "unexpected_percent_total",
)
"""What a result says of a column whose values are masked."""
MARKS = {"fa-check-circle": "✔", "fa-times": "✘", "fa-exclamation-triangle": "⚠"}


def write_data_docs(
    folder: Path, suite: Suite, report: dict[str, Any], results: list[Any], mask: tuple[str, ...]
) -> None:
    """Write `index.html` (results), `suite.html` (what is expected) and `style.css`."""
    masked = [_masked(result, mask) for result in results]
    with replacing(folder) as temporary:
        temporary.mkdir()
        style = resources.files("expectations").joinpath("data_docs.css").read_text("utf-8")
        (temporary / "style.css").write_text(style, encoding="utf-8")
        pages = {
            "index.html": _results_page(suite, report, masked),
            "suite.html": _suite_page(suite),
        }
        for name, page in pages.items():
            (temporary / name).write_text(_offline(page, name, report), encoding="utf-8")


def _masked(result: Any, mask: tuple[str, ...]) -> Any:
    """Return a copy of a result without values of masked columns, times and random ids."""
    import copy

    kept = copy.deepcopy(result)
    named = str(kept.expectation_config.kwargs)
    kept.result = {k: v for k, v in kept.result.items() if not _is_dull(k, kept)}
    if any(name in named for name in mask):
        kept.result = {key: value for key, value in kept.result.items() if key in COUNTS}
    return kept


def _is_dull(key: str, result: Any) -> bool:
    """Tell lists of values that say nothing: twenty times nan."""
    type_ = result.expectation_config.type
    return key.startswith("partial_") and type_ == "expect_column_values_to_not_be_null"


def _results_page(suite: Suite, report: dict[str, Any], results: list[Any]) -> str:
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.render.renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    passed, total = report["counts"]["passed"], report["counts"]["expectations"]
    content = ExpectationSuiteValidationResult(
        success=passed == total,
        results=results,
        suite_name=suite.name,
        suite_parameters={},
        statistics={
            "evaluated_expectations": total,
            "successful_expectations": passed,
            "unsuccessful_expectations": total - passed,
            "success_percent": 100.0 * passed / total if total else 100.0,
        },
        meta={"run_id": RunIdentifier(run_name=RUN, run_time="2000-01-01T00:00:00+00:00")},
    )
    document = ValidationResultsPageRenderer(run_info_at_end=True).render(content)
    return str(DefaultJinjaPageView().render(document))


def _suite_page(suite: Suite) -> str:
    import great_expectations as gx
    from great_expectations.render.renderer import ExpectationSuitePageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    content = gx.ExpectationSuite(
        name=suite.name, expectations=[rule.copy() for rule in suite.rules]
    )
    return str(DefaultJinjaPageView().render(ExpectationSuitePageRenderer().render(content)))


def _offline(page: str, name: str, report: dict[str, Any]) -> str:
    """Make a page stand alone: our style sheet and summary, no scripts, no remote files."""
    page = STYLE.sub("", SCRIPT.sub("", REMOTE.sub("", page)))
    numbers: dict[str, str] = {}
    page = UUID.sub(lambda match: numbers.setdefault(match[0], f"id{len(numbers)}"), page)
    for icon, mark in MARKS.items():
        page = re.sub(rf"(<i\b[^>]*\b{icon}\b[^>]*>)", rf"\1{mark}", page)
    page = page.replace("</head>", '<link rel="stylesheet" href="style.css">\n</head>', 1)
    return re.sub(r"(<body[^>]*>)", lambda m: m[1] + _summary(name, report), page, count=1)


def _summary(name: str, report: dict[str, Any]) -> str:
    """Return the head of a page: verdict, counts, and what failed with its rows."""
    counts = report["counts"]
    other = (
        ("suite.html", "what is expected") if name == "index.html" else ("index.html", "results")
    )
    failed = [item for item in report["expectations"] if not item["success"]]
    rows = "".join(_failure(item) for item in failed) if name == "index.html" else ""
    table = (
        "<table><tr><th>severity</th><th>expectation</th><th>columns</th><th>rows</th>"
        f"<th>because</th></tr>{rows}</table>"
        if rows
        else ""
    )
    return (
        f'<header class="verdict {report["verdict"]}"><h1>{html.escape(report["suite"])}: '
        f"{report['verdict']}</h1><p>{counts['passed']} of {counts['expectations']} expectations "
        f"met on {report['rows']:,} rows; {counts['blocked']} block, {counts['warned']} warn, "
        f'{counts["errors"]} could not be checked. <a href="{other[0]}">{other[1]}</a></p>'
        f"{table}</header>"
    )


def _failure(item: dict[str, Any]) -> str:
    shown = ", ".join(str(row["row"]) for row in item["rows"][:10])
    count = item["unexpected_count"]
    what = item["error"] or (f"{count}: {shown}" if count else f"observed {item['observed']}")
    cells = (item["severity"], item["type"], ", ".join(item["columns"]), what, item["because"])
    return "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells) + "</tr>"
