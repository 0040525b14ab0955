"""Data Docs that need no network and are the same for the same data.

Great Expectations renders the pages; its links to style sheets and scripts elsewhere give way to
one style sheet of ours beside the pages, and its random ids to numbers.
"""

import html
import re
from pathlib import Path
from typing import Any

from expectations.gate import is_about
from expectations.guarded import guarded, shown
from expectations.suite import Rule, Suite
from expectations.wording import cell, limits
from ninefold.files import replacing

RUN = "quality"
HISTORY = "../../.ninefold/quality_history.svg"
"""The picture of earlier validations, as seen from reports/data_docs."""
REMOTE = re.compile(
    r"<link\b[^>]*\bhref=[\"']?https?://[^>]*>|<script\b[^>]*\bsrc=[\"']?https?://[^>]*>\s*</script>"
    r"|<img\b[^>]*\bsrc=[\"']?https?://[^>]*>",
    re.IGNORECASE,
)
SCRIPT = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)
STYLE = re.compile(r"<style\b.*?</style>", re.IGNORECASE | re.DOTALL)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
TEXTS = ("kwargs", "description", "notes")
MARKS = {"fa-check-circle": "✔", "fa-times": "✘", "fa-exclamation-triangle": "⚠"}


def write_data_docs(
    folder: Path, suite: Suite, report: dict[str, Any], results: list[Any], mask: tuple[str, ...]
) -> None:
    """Write `index.html` (results), `suite.html` (what is expected) and `style.css`.

    Rules on masked columns stand in the summary only: what Great Expectations renders shows values.
    """
    shown = [not is_about(rule.columns, mask) for rule in suite.rules]
    kept = [_tidied(result) for result, is_shown in zip(results, shown, strict=True) if is_shown]
    rules = [rule for rule, is_shown in zip(suite.rules, shown, strict=True) if is_shown]
    with replacing(folder) as temporary:
        temporary.mkdir()
        style = Path(__file__).with_name("data_docs.css").read_text("utf-8")
        (temporary / "style.css").write_text(style, encoding="utf-8")
        pages = {
            "index.html": _results_page(suite, report, kept),
            "suite.html": _suite_page(suite.name, rules),
        }
        for name, page in pages.items():
            (temporary / name).write_text(_offline(page, name, report), encoding="utf-8")


def _tidied(result: Any) -> Any:
    """Return a copy of a result without what says nothing, its texts guarded."""
    import copy

    kept, config = copy.deepcopy(result), result.expectation_config
    kept.result = {k: guarded(v) for k, v in kept.result.items() if not _is_dull(k, kept)}
    for key in TEXTS:
        setattr(kept.expectation_config, key, guarded(getattr(config, key)))
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
        success=passed == total and report["verdict"] == "pass",
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
    return shown(str(DefaultJinjaPageView().render(document)))


def _suite_page(name: str, rules: list[Rule]) -> str:
    import great_expectations as gx
    from great_expectations.render.renderer import ExpectationSuitePageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    content = gx.ExpectationSuite(name=name, expectations=[_guarded(rule) for rule in rules])
    page = DefaultJinjaPageView().render(ExpectationSuitePageRenderer().render(content))
    return shown(str(page))


def _guarded(rule: Rule) -> Any:
    expectation = rule.copy()
    fields = (*rule.kwargs, "column_list", "description", "notes")
    texts = {key: guarded(getattr(expectation, key)) for key in fields if hasattr(expectation, key)}
    return expectation.copy(update=texts)


def _offline(page: str, name: str, report: dict[str, Any]) -> str:
    """Make a page stand alone: our style sheet and summary, no scripts, no remote files."""
    page = STYLE.sub("", SCRIPT.sub("", REMOTE.sub("", page)))
    numbers: dict[str, str] = {}
    page = UUID.sub(lambda match: numbers.setdefault(match[0], f"id{len(numbers)}"), page)
    for icon, mark in MARKS.items():
        page = re.sub(rf"(<i\b[^>]*\b{icon}\b[^>]*>)", rf"\1{mark}", page)
    page = page.replace("</head>", '<link rel="stylesheet" href="style.css">\n</head>', 1)
    page = page.replace(" Data asset: None<br>", "")
    return re.sub(r"(<body[^>]*>)", lambda m: m[1] + _summary(name, report), page, count=1)


def _summary(name: str, report: dict[str, Any]) -> str:
    """Return the head of a page: verdict, counts, and what failed with its rows."""
    counts = report["counts"]
    found = "".join(
        f"<p><b>{item['severity']}</b>: {html.escape(item['message'])}</p>"
        for item in report["findings"]
    )
    other = (
        ("suite.html", "what is expected") if name == "index.html" else ("index.html", "results")
    )
    failed = [item for item in report["expectations"] if not item["success"]]
    is_first = name == "index.html"
    rows = "".join(_failure(item) for item in failed) if is_first else ""
    table = (
        "<table><tr><th>severity</th><th>expectation</th><th>columns</th><th>found</th>"
        f"<th>because</th></tr>{rows}</table>"
        if rows
        else ""
    )
    past = (
        f'<p class="history">Validations so far, colour the verdict, height what was found:'
        f'<br><img src="{HISTORY}" alt="none are remembered yet"></p>'
        if is_first
        else ""
    )
    return (
        f'<header class="verdict {report["verdict"]}"><h1>{html.escape(report["suite"])}: '
        f"{report['verdict']}</h1><p>{counts['passed']} of {counts['expectations']} expectations "
        f"met on {report['rows']:,} rows; {counts['blocked']} block, {counts['warned']} warn, "
        f'{counts["errors"]} could not be checked. <a href="{other[0]}">{other[1]}</a></p>'
        f"{found * is_first}{table}{past}{_hidden_rules(report)}</header>"
    )


def _hidden_rules(report: dict[str, Any]) -> str:
    """List the rules on masked columns, which the page below leaves out."""
    hidden = [item for item in report["expectations"] if item.get("masked")]
    rows = "".join(
        f"<tr><td>{html.escape(item['type'])}</td><td>{html.escape(', '.join(item['columns']))}"
        f"</td><td>{item['status']}</td></tr>"
        for item in hidden
    )
    if not hidden:
        return ""
    return f"<p>Rules on masked columns, of which no value is shown:</p><table>{rows}</table>"


def _failure(item: dict[str, Any]) -> str:
    count = item["unexpected_count"]
    rows = f"{count} row{'s' * (count != 1)}" if count else f"observed {item['observed']}"
    what = item["error"] or rows
    rule = ": ".join(part for part in (item["type"], limits(item)) if part)
    said = html.escape(rule).replace("_", "_<wbr>")
    columns = html.escape(", ".join(item["columns"]))
    clue = f"<br>{html.escape(item['clue'])}" if item.get("clue") else ""
    found = html.escape(str(what)) + clue + _rows(item["rows"])
    return (
        f"<tr><td>{item['severity']}</td><td>{said}</td><td>{columns}</td>"
        f"<td>{found}</td><td>{html.escape(item['because'])}</td></tr>"
    )  # fmt: skip


def _rows(rows: list[dict[str, Any]]) -> str:
    """Return failing rows with their values, folded away."""
    if not rows:
        return ""
    names = list(rows[0]["values"])
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("row", *names))
    body = "".join(
        f"<tr><td>{row['row']}</td>"
        + "".join(f"<td>{html.escape(cell(row['values'][name]))}</td>" for name in names)
        + "</tr>"
        for row in rows
    )
    first = ", ".join(str(row["row"]) for row in rows[:5])
    return (
        f"<details><summary>such as {first}</summary><table><tr>{head}</tr>{body}</table></details>"
    )
