"""Cells that are not what their column holds: another way to write a number or date."""

from collections.abc import Sequence

from ninefold import dates
from ninefold.columns import NAT
from ninefold.numerals import DECIMAL_COMMA, NUMBER_FORMATS, to_number
from ninefold.spelling import MARKS

WAYS = {DECIMAL_COMMA: "with a decimal comma", **{name: f"like {name}" for name in NUMBER_FORMATS}}


def of_cells(texts: Sequence[str], kind: str) -> str:
    """Word what cells that could not be read as `kind` look like, where all of them do, or nothing.

    >>> of_cells(["42,3", "7,25"], "number"), of_cells(["31/12/2016"], "datetime")
    ('numbers with a decimal comma', 'dates like %d/%m/%Y')
    """
    if not texts:
        return ""
    if all(text.strip().casefold() in MARKS for text in texts):
        return "marks of missing values: name them in ingest.missing"
    if kind == "number":
        for way, said in WAYS.items():
            if all(to_number(text, way) is not None for text in texts):
                return f"numbers {said}"
        return _units(texts)
    if kind == "datetime":
        for format in dates.COMMON:
            if (dates.to_micros(texts, format) != NAT).all():
                return f"dates like {format or '2013-12-31'}"
    return ""


def _units(texts: Sequence[str]) -> str:
    """Word what stands behind every number, where it is the same."""
    parts = [text.strip().partition(" ") for text in texts]
    behind = {part[2].strip() for part in parts}
    are_numbers = all(to_number(part[0], None) is not None for part in parts)
    return f"numbers with {behind.pop()!r} behind" if are_numbers and len(behind) == 1 else ""
