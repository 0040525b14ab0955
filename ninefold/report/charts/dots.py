"""Dots in groups, each with a hint, and perhaps a line: trials of a search."""

from collections.abc import Sequence
from dataclasses import dataclass

from ninefold.report.charts.canvas import WIDTH, Canvas
from ninefold.report.charts.scale import Scale, bounds
from ninefold.report.markup import Html

Point = tuple[float, float]


@dataclass(frozen=True)
class Group:
    """Dots that look alike: `(x, y, hint)` each."""

    name: str
    css: str
    points: Sequence[tuple[float, float, str]]
    radius: float = 3.4


def dots(
    title: str,
    groups: Sequence[Group],
    x_title: str,
    y_title: str,
    *,
    line: Sequence[Point] = (),
    height: float = 270,
) -> Html:
    """Return a chart of groups, later ones on top of earlier ones, with `line` below them."""
    canvas = Canvas(height, title)
    top, bottom, left, right = 46.0, height - 40.0, 56.0, WIDTH - 14.0
    shown = [(a, b) for group in groups for a, b, _ in group.points] + list(line)
    x = Scale(*bounds([a for a, _ in shown], 0.03), left, right)
    y = Scale(*bounds([b for _, b in shown]), bottom, top)
    canvas.y_axis(y, left, right)
    canvas.x_axis(x, top, bottom, x_title)
    canvas.text(6, 14, y_title, "axis")
    canvas.legend(left, 34, [(group.css, group.name) for group in groups if group.points])
    canvas.path([(x(a), y(b)) for a, b in line], "curve other")
    for group in groups:
        for a, b, hint in group.points:
            canvas.dot(x(a), y(b), f"fill {group.css}", group.radius, hint)
    return canvas.svg()
