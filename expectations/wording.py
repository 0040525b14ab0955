"""What a rule that failed says in one line of a terminal: rule, limits, what was found, why."""

import re
from collections.abc import Mapping
from typing import Any

ABOUT = ("column", "column_A", "column_B", "column_list", "target", "ignore", "task")
"""Arguments that are said otherwise, or are no limit."""
SHOWN, LONGEST, LONGEST_RULE = 5, 60, 200
DIGITS = 8
GUARD = re.compile(r"missing\((?:`[^`]*`|\w+)\) or ")


def sentence(item: Mapping[str, Any]) -> str:
    """Word an entry of quality.json: `type (column: limits): found, such as …; clue - because`."""
    clue = f"; {item['clue']}" if item.get("clue") else ""
    because = f" — {item['because']}" if item["because"] else ""
    return f"{item['type']}{_place(item)}: {found(item)}{clue}{because}"


def found(item: Mapping[str, Any]) -> str:
    """Word what was found: why it could not be checked, the rows that fail, or what is observed."""
    if item["error"]:
        return f"could not be checked: {item['error']}"
    if not item["unexpected_count"]:
        return f"observed {item['observed']}"
    rows = "; ".join(_row(row, item["columns"]) for row in item["rows"][:SHOWN])
    count = item["unexpected_count"]
    return f"{count} row{'s' * (count != 1)}" + (f", such as {rows}" if rows else "")


def limits(item: Mapping[str, Any]) -> str:
    """Word what a rule asks for: `min_value 0, max_value 12`."""
    return ", ".join(
        _cut(asked(str(value)), LONGEST_RULE)
        if key == "expression"
        else f"{key} {_cut(_listed(value))}"
        for key, value in item["kwargs"].items()
        if key not in ABOUT
    )


def _place(item: Mapping[str, Any]) -> str:
    said = ": ".join(part for part in (", ".join(item["columns"]), limits(item)) if part)
    return f" ({said})" if said else ""


def _row(row: Mapping[str, Any], columns: list[str]) -> str:
    """Word a row by its position, the cells that the rule reads and what the row is called."""
    ids = [name for name in row["values"] if name not in columns][:1]
    cells = [(name, row["values"][name]) for name in [*ids, *columns] if name in row["values"]]
    said = ", ".join((f"{name} " if len(cells) > 1 else "") + cell(value) for name, value in cells)
    return f"row {row['row']}" + (f" ({said})" if said else "")


def cell(value: Any) -> str:
    """Word the value of a cell, so that blanks at its edges are seen."""
    if value is None:
        return "missing"
    if isinstance(value, float):
        return f"{value:.{15 if value.is_integer() else DIGITS}g}"
    is_edged = isinstance(value, str) and value != value.strip()
    return repr(value) if is_edged and len(value) < LONGEST else _cut(str(value))


def _listed(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def asked(expression: str) -> str:
    """Return what an expression asks of rows with all values: without what lets gaps pass.

    >>> asked("missing(a) or missing(`b c`) or a <= `b c`")
    'a <= `b c`'
    """
    start = 0
    while found := GUARD.match(expression, start):
        start = found.end()
    return expression[start:]


def _cut(text: str, longest: int = LONGEST) -> str:
    """Keep a line of long values readable."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
