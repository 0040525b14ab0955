"""Dots: what was predicted against what was true."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import WIDTH, Canvas
from ninefold.report.charts.scale import Scale, bounds
from ninefold.report.markup import Html


def scatter(title: str, points: Sequence[tuple[float, float]], x_title: str, y_title: str) -> Html:
    """Return a square of dots `(x, y)` with the diagonal where both are equal."""
    canvas = Canvas(330, title)
    top, bottom, left, right = 26.0, 288.0, 60.0, WIDTH - 12.0
    low, high = bounds([v for point in points for v in point])
    x, y = Scale(low, high, left, right), Scale(low, high, bottom, top)
    canvas.y_axis(y, left, right)
    canvas.x_axis(x, top, bottom, x_title)
    canvas.text(6, 14, y_title, "axis")
    canvas.line(x(low), y(low), x(high), y(high), "guide")
    for a, b in points:
        canvas.dot(x(a), y(b), "point", 2.2)
    return canvas.svg()
