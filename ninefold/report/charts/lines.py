"""Curves over one horizontal axis: training curves, ROC, calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

from ninefold.report.charts.canvas import WIDTH, Canvas
from ninefold.report.charts.scale import DateScale, Scale, bounds
from ninefold.report.markup import Html, number

Point = tuple[float, float]
NEAR = 60
"""How far, in picture units, a name beside a line looks for curves it should not cover."""


@dataclass(frozen=True)
class Curve:
    """One line: its name, its points, how it looks and whether points are marked."""

    name: str
    points: Sequence[Point]
    css: str
    has_dots: bool = False


def lines(
    title: str,
    curves: Sequence[Curve],
    x_title: str,
    y_title: str,
    *,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    marked_x: tuple[float, str] | None = None,
    guide: tuple[Point, Point] | None = None,
    height: float = 270,
    are_dates: bool = False,
) -> Html:
    """Return a line chart.

    Args:
        marked_x: a position worth a dashed vertical line, and its name.
        guide: a dotted line from one point to another, such as chance.
        are_dates: x is in microseconds since 1970.
    """
    canvas = Canvas(height, title)
    top, bottom, left, right = 46.0, height - 40.0, 52.0, WIDTH - 14.0
    x_low, x_high = x_range or bounds([x for c in curves for x, _ in c.points], 0.0)
    y_low, y_high = y_range or bounds([y for c in curves for _, y in c.points])
    x = (DateScale if are_dates else Scale)(x_low, x_high, left, right)
    y = Scale(y_low, y_high, bottom, top)
    canvas.y_axis(y, left, right)
    canvas.x_axis(x, top, bottom, x_title)
    canvas.text(6, 14, y_title, "axis")
    canvas.legend(left, 34, [(curve.css, curve.name) for curve in curves])
    if guide:
        (x1, y1), (x2, y2) = guide
        canvas.line(x(x1), y(y1), x(x2), y(y2), "guide")
    if marked_x:
        canvas.line(x(marked_x[0]), top, x(marked_x[0]), bottom, "mark")
        side = "end" if marked_x[0] > (x_low + x_high) / 2 else "start"
        shift = -5 if side == "end" else 5
        beside = x(marked_x[0]) + 8 * shift
        near = [y(b) for c in curves for a, b in c.points if abs(x(a) - beside) < NEAR]
        height = max((top + 10, bottom - 6), key=lambda at: min(abs(at - n) for n in (*near, 1e9)))
        canvas.text(x(marked_x[0]) + shift, height, marked_x[1], "label", side)
    for curve in curves:
        canvas.path([(x(a), y(b)) for a, b in curve.points], f"curve {curve.css}")
        if curve.has_dots:
            for a, b in curve.points:
                hint = f"{curve.name}: {x.text(a)}, {number(b)}"
                canvas.dot(x(a), y(b), f"fill {curve.css}", 3.2, hint)
    return canvas.svg()
