"""What pages say of rows that were compared with the train rows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ninefold.report.markup import (
    Html,
    Tone,
    badge,
    callout,
    code,
    details,
    join,
    number,
    percent,
    prose,
    table,
    tag,
)

TONES: Mapping[str, Tone] = {
    "pass": "good", "info": "plain", "warn": "warn", "block": "bad",
}  # fmt: skip
"""Tone of a verdict, or of a finding's severity."""


def messages(findings: Sequence[Mapping[str, Any]]) -> list[Html]:
    """Return a callout for each finding."""
    return [
        callout(
            TONES[item["severity"]],
            badge(item["severity"], TONES[item["severity"]]),
            " ",
            prose(item["message"]),
        )
        for item in findings
    ]


def comparisons(
    items: Sequence[Mapping[str, Any]],
    of: Callable[[Mapping[str, Any]], str],
    mark: Callable[[Mapping[str, Any]], Html | str],
    said: str,
) -> Html:
    """Return every comparison as a table that opens; `of` says what was compared, `mark` shows
    which moved, `said` how to read it.
    """
    if not items:
        return Html()
    body = [
        (
            code(item["column"]),
            of(item),
            mark(item),
            percent(item["size"]) if item["what"] == "missing" else number(item["size"], 2),
            item["test"],
            number(item["p"], 2),
            number(item["q"], 2),
        )
        for item in items
    ]
    header = ("column", "of", "", "size", "test", "p", "q")
    listed = details(f"All {len(body)} comparisons", table(header, body, (3, 5, 6)))
    return join([tag("p", said), listed])
