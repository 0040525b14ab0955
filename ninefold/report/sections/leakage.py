"""What the leakage gate looked for and found."""

from collections.abc import Mapping
from typing import Any

from ninefold.report.charts.bars import shares
from ninefold.report.evidence import Evidence
from ninefold.report.markup import (
    Html,
    Tone,
    badge,
    code,
    count,
    details,
    join,
    number,
    paragraph,
    prose,
    table,
    tag,
)
from ninefold.report.section import Section
from ninefold.report.wording import inflation_sentence

TONES: dict[str, tuple[str, Tone]] = {
    "block": ("stops the run", "bad"),
    "warn": ("warning", "warn"),
    "info": ("for information", "plain"),
}
MAX_ROWS = 30


class Leakage(Section):
    """Findings with evidence and remedy."""

    title = "Leakage"
    order = 50
    sources = ("leakage",)

    def render(self, evidence: Evidence) -> Html:
        report = evidence.leakage
        findings, checked = report["findings"], report.get("checked") or {}
        said = "Would the model know at prediction time what it was taught with? "
        if checked:
            said += (
                f"{count(len(checked['kinds']), 'check')} looked at {checked['rows']:,} rows and "
                f"{count(checked['features'], 'feature')}"
            )
        said += f"; {count(len(findings), 'finding')}." if findings else "; nothing was found."
        kinds = ", ".join(checked.get("kinds", ()))
        return join(
            [
                paragraph(said),
                *(_finding(item) for item in findings),
                *(paragraph(prose(unused), ".") for unused in checked.get("unused", ())),
                details("What was looked for", paragraph(kinds)) if kinds else "",
            ]
        )


def _finding(item: Mapping[str, Any]) -> Html:
    said, tone = TONES[item["severity"]]
    accepted = item.get("ignored")
    lines = [
        tag("p", badge(said, tone), " ", tag("b", item["kind"]), " ", _names(item["columns"])),
        paragraph(prose(item["message"])),
        paragraph(tag("b", "What to do: "), prose(item["remedy"])) if item.get("remedy") else "",
    ]
    if item.get("inflation"):
        lines.append(_inflation(item["inflation"]))
    if accepted:
        lines.append(paragraph(tag("b", "Accepted, because: "), accepted["reason"]))
    if item.get("rows"):
        some = ", ".join(f"{row:,}" for row in item["rows"][:MAX_ROWS])
        more = len(item["rows"]) - MAX_ROWS
        text = some + (f" and {more:,} more" if more > 0 else "")
        lines.append(details(f"{count(len(item['rows']), 'row')} concerned", paragraph(text)))
    if item.get("evidence"):
        body = [(key.replace("_", " "), _worded(value)) for key, value in item["evidence"].items()]
        lines.append(details("Evidence", table(("what", "found"), body)))
    return tag("div", *lines, class_=f"callout {tone}")


def _inflation(found: Mapping[str, Any]) -> Html:
    """Show the test score with and without the leak."""
    said = paragraph(inflation_sentence(found)[:1].upper() + inflation_sentence(found)[1:] + ".")
    if "skipped" in found:
        return said
    bars = [
        (f"{place} the leak", min(max(found[place], 0.0), 1.0), f"{found[place]:.3f}")
        for place in ("with", "without")
    ]
    return join([said, shares(f"{found['metric']} with and without the leak", bars)])


def _names(columns: list[str]) -> Html:
    return join((code(name) for name in columns), ", ")


def _worded(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_worded(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        apart = "; " if any(isinstance(inner, (dict, list)) for inner in value) else ", "
        return apart.join(_worded(inner) for inner in value[:20])
    return number(value) if isinstance(value, float) else str(value)
