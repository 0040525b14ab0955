"""Parallel coordinates: one line per trial through the values of its params."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ninefold.report.charts.canvas import Canvas, shortened
from ninefold.report.markup import Html, number

STEP, LEAST = 96.0, 460.0


@dataclass(frozen=True)
class Line:
    """One line: a value for each axis (None: not drawn there), and how it looks."""

    values: Sequence[Any]
    css: str


def parallel(title: str, axes: Sequence[str], lines: Sequence[Line]) -> Html:
    """Return the lines over as many upright axes as there are names.

    Axes of numbers that span orders of magnitude are logarithmic; other values stand in the order
    in which they first come.
    """
    width = max(LEAST, STEP * len(axes))
    canvas = Canvas(270, title, width)
    top, bottom, left, right = 44.0, 236.0, 46.0, width - 46.0
    gap = (right - left) / max(len(axes) - 1, 1)
    places = [
        _places([line.values[position] for line in lines], top, bottom)
        for position in range(len(axes))
    ]
    for line in lines:
        points = [
            (left + gap * i, y)
            for i, value in enumerate(line.values)
            if (y := places[i].get(_key(value))) is not None
        ]
        canvas.path(points, f"curve {line.css}")
    for i, name in enumerate(axes):
        x = left + gap * i
        anchor = "start" if i == 0 else "end" if i == len(axes) - 1 else "middle"
        shift = {"start": -left, "end": width - right, "middle": 0.0}[anchor]
        canvas.line(x, top, x, bottom, "frame")
        canvas.text(x + shift, top - 26 if i % 2 else top - 10, shortened(name, 22), "tick", anchor)
        _name_ends(canvas, x, places[i])
    return canvas.svg()


def _key(value: Any) -> Any:
    return value if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _places(values: Sequence[Any], top: float, bottom: float) -> dict[Any, float]:
    """Return the height of each value on an axis."""
    known = [value for value in values if value is not None]
    if known and all(map(_is_number, known)):
        is_log = min(known) > 0 and max(known) / min(known) >= 20
        scaled = {v: math.log(v) if is_log else float(v) for v in known}
        low, high = min(scaled.values()), max(scaled.values())
        span = high - low or 1.0
        return {v: bottom - (s - low) / span * (bottom - top) for v, s in scaled.items()}
    names = list(dict.fromkeys(map(_key, known)))
    gap = (bottom - top) / max(len(names) - 1, 1)
    return {name: bottom - gap * index for index, name in enumerate(names)}


def _name_ends(canvas: Canvas, x: float, places: dict[Any, float]) -> None:
    """Name the ends of an axis of numbers, or every value of another one."""
    if not places:
        return
    are_numbers = all(map(_is_number, places))
    names = [min(places), max(places)] if are_numbers and len(places) > 2 else list(places)
    for value in dict.fromkeys(names):
        text = number(value, 3) if are_numbers else shortened(value, 12)
        canvas.text(x + 5, places[value] + 4, text, "tick")
