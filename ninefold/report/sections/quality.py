"""What the data quality gate checked, and the rows that failed."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    Tone,
    badge,
    code,
    count,
    details,
    figure,
    join,
    number,
    paragraph,
    percent,
    table,
    tag,
)
from ninefold.report.section import Section

DOCS = "data_docs/index.html"
HISTORY = Html(
    '<img src="../.ninefold/quality_history.svg" style="width:min(640px,100%)" '
    'alt="The picture stands in the workspace this report was made in.">'
)
"""Beside the report and not in it: what a stage writes does not depend on when others ran."""


class Quality(Section):
    """Expectations with severities, failing rows with their values."""

    title = "Data quality"
    order = 30
    sources = ("quality",)

    def render(self, evidence: Evidence) -> Html:
        items = evidence.quality["expectations"]
        failed = [item for item in items if not item["success"]]
        failed.sort(key=lambda item: item["severity"] != "block")
        met = [item for item in items if item["success"]]
        docs = tag("a", "Data Docs", href=DOCS)
        suite = evidence.quality.get("suite")
        rules = table(("", "rule", "on", "severity", "why"), [_row(item) for item in met])
        return join(
            [
                paragraph(
                    f"{len(met):,} of {count(len(items), 'rule')} are met",
                    join([" (suite ", code(suite), ")"]) if suite else "",
                    ". Every detail stands in the ",
                    docs,
                    " beside this file.",
                ),
                *(failure(item, evidence.spec.max_rows) for item in failed),
                details(count(len(met), "rule that is met", "rules that are met"), rules)
                if met
                else "",
                figure(HISTORY, "Earlier validations: colour the verdict, height the rules failed"),
            ]
        )


def _row(item: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        badge("met", "good"),
        _rule(item),
        ", ".join(item["columns"]),
        item["severity"],
        item.get("because") or "",
    )


def failure(item: Mapping[str, Any], most: int) -> Html:
    """Return what a rule that failed says, with at most `most` of its rows."""
    tone: Tone = "bad" if item["severity"] == "block" else "warn"
    said = "stops the run" if item["severity"] == "block" else "warning"
    lines = [tag("p", badge(said, tone), " ", tag("b", _rule(item)), " ", _place(item))]
    if item.get("because"):
        lines.append(paragraph(item["because"]))
    if item.get("error"):
        lines.append(paragraph("It could not be checked: ", item["error"]))
    elif item.get("unexpected_count"):
        share = (item.get("unexpected_percent") or 0) / 100
        lines.append(
            paragraph(f"{count(item['unexpected_count'], 'row')} ({percent(share)}) fail.")
        )
    elif item.get("observed") is not None:
        lines.append(paragraph("Found: ", code(_cell(item["observed"]))))
    if item.get("clue"):
        lines.append(paragraph(tag("b", "Clue: "), item["clue"]))
    rows = (item.get("rows") or [])[:most]
    if rows:
        names = list(rows[0]["values"])
        body = [[row["row"], *(_cell(row["values"].get(n)) for n in names)] for row in rows]
        lines.append(table(("row in the source", *names), body))
    return tag("div", *lines, class_=f"callout {tone}")


def _rule(item: Mapping[str, Any]) -> str:
    return str(item["type"]).removeprefix("expect_").replace("_", " ")


def _place(item: Mapping[str, Any]) -> Html:
    names = join((code(name) for name in item["columns"]), ", ")
    limits = {
        key: value
        for key, value in (item.get("kwargs") or {}).items()
        if not key.startswith("column") and value is not None
    }
    settings = ", ".join(f"{key.replace('_', ' ')} {_cell(value)}" for key, value in limits.items())
    return join([names, f" ({settings})" if settings else ""])


def _cell(value: Any) -> str:
    if value is None:
        return "missing"
    if isinstance(value, list):
        return ", ".join(map(_cell, value))[:200]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    text = str(value)[:200]
    return repr(text) if text != text.strip() else text
