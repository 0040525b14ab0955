"""Estimates with their intervals, one below the other (a forest plot)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ninefold.report.charts.canvas import CHARACTER, WIDTH, Canvas, beside, shortened
from ninefold.report.charts.scale import Scale, bounds
from ninefold.report.markup import Html, number

STEP = 24.0
ZERO = 1e-9
"""A share of the axis so small that only rounding tells it from nothing."""


@dataclass(frozen=True)
class Row:
    """One estimate; `value` None shows as a text, `note` is small print behind the name."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    css: str = "network"
    note: str = ""
    is_heading: bool = False


def forest(
    title: str,
    rows: Sequence[Row],
    x_title: str,
    *,
    reference: tuple[float, str] | None = None,
    band: tuple[float, float] | None = None,
) -> Html:
    """Return a forest plot.

    Args:
        reference: a value worth a dashed line, and its name.
        band: a range of values shaded behind the estimates.
    """
    longest = max((len(row.name) for row in rows if not (row.note or row.is_heading)), default=0)
    top, left, right = 24.0, beside(longest, 160.0), WIDTH - 58.0
    bottom = top + STEP * len(rows)
    canvas = Canvas(bottom + 40, title)
    shown = [v for row in rows for v in (row.value, row.low, row.high)]
    shown += [reference[0]] if reference else []
    low, high = bounds([*shown, *(band or ())], 0.06)
    x = Scale(low, high, left, right)
    if band:
        canvas.rect(x(band[0]), top, x(band[1]) - x(band[0]), bottom - top, "fill band")
    canvas.x_axis(x, top, bottom, x_title)
    if reference:
        canvas.line(x(reference[0]), top - 4, x(reference[0]), bottom, "mark")
        canvas.text(x(reference[0]), top - 9, reference[1], "tick", "middle")
    for index, row in enumerate(rows):
        _draw(canvas, row, top + STEP * (index + 0.5), x)
    return canvas.svg()


def _draw(canvas: Canvas, row: Row, y: float, x: Scale) -> None:
    if row.is_heading:
        canvas.rect(0, y - STEP / 2 + 1, WIDTH, STEP - 2, "fill heading")
        canvas.text(2, y + 4, shortened(row.name, 60), "strong")
        return
    room = int((x.start - 8) / CHARACTER) - (len(row.note) + 1 if row.note else 0)
    canvas.text(2, y + 4, shortened(row.name, max(room, 8)))
    if row.note:
        canvas.text(x.start - 8, y + 4, row.note, "tick", "end")
    if row.value is None:
        canvas.text(x.start + 6, y + 4, "no value", "tick")
        return
    hint = f"{row.name}: {number(row.value)}"
    if row.low is not None and row.high is not None:
        canvas.line(x(row.low), y, x(row.high), y, f"whisker {row.css}")
        hint += f" ({number(row.low)} to {number(row.high)})"
    canvas.dot(x(row.value), y, f"fill {row.css}", 4.5, hint)
    is_zero = abs(row.value) < ZERO * (x.high - x.low)
    canvas.text(WIDTH, y + 4, "0" if is_zero else number(row.value), "label", "end")
