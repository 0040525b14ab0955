"""Spans of time below each other: which part covers when."""

from collections.abc import Sequence
from datetime import datetime

from ninefold.report.charts.canvas import WIDTH, Canvas
from ninefold.report.charts.scale import Scale
from ninefold.report.markup import Html, number

Moment = str | float


def timeline(title: str, spans: Sequence[tuple[str, Moment, Moment, str]]) -> Html:
    """Return one bar per `(name, first, last, css)` on a common axis; dates or plain numbers."""
    step, left, right = 30.0, 64.0, WIDTH - 8.0
    canvas = Canvas(26 + step * len(spans), title)
    numbers = [(_position(a), _position(b)) for _, a, b, _ in spans]
    low, high = min(a for a, _ in numbers), max(b for _, b in numbers)
    x = Scale(low, high if high > low else low + 1, left, right)
    for index, ((name, first, last, css), (a, b)) in enumerate(zip(spans, numbers, strict=True)):
        y = 4 + step * index
        canvas.text(0, y + 14, name)
        canvas.rect(left, y, right - left, 20, "fill track")
        hint = f"{name}: {_text(first)} to {_text(last)}"
        canvas.rect(x(a), y, max(x(b) - x(a), 2), 20, f"fill {css}", hint)
        wide = x(b) - x(a) > 150
        said = f"{_text(first)} – {_text(last)}"
        if wide:
            canvas.text((x(a) + x(b)) / 2, y + 14, said, "inverse", "middle")
        elif x(a) - left > 150:
            canvas.text(x(a) - 6, y + 14, said, "label", "end")
        else:
            canvas.text(x(b) + 6, y + 14, said)
    end = 18 + step * len(spans)
    canvas.text(left, end, _text(spans[0][1] if len(spans) == 1 else _end(spans, low)), "tick")
    canvas.text(right, end, _text(_end(spans, high)), "tick", "end")
    return canvas.svg()


def _end(spans: Sequence[tuple[str, Moment, Moment, str]], position: float) -> Moment:
    return next(m for _, a, b, _ in spans for m in (a, b) if _position(m) == position)


def _position(moment: Moment) -> float:
    """Return seconds since year 1 for a date, a number as it is."""
    if isinstance(moment, str):
        at = datetime.fromisoformat(moment).replace(tzinfo=None)
        return (at - datetime(1, 1, 1)).total_seconds()
    return float(moment)


def _text(moment: Moment) -> str:
    return moment[:10] if isinstance(moment, str) else number(moment)
