"""Dots in groups, and the sorted silhouettes of groups."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import CHARACTER, WIDTH, Canvas, shortened
from ninefold.report.charts.scale import Scale, bounds
from ninefold.report.markup import Html, number

COLOURS = 10


def colour(group: int) -> str:
    """Return the class of a group's colour; colours come again from the eleventh on."""
    return f"g{group % COLOURS}" if group >= 0 else "none"


def groups(
    title: str,
    points: Sequence[tuple[float, float, int]],
    names: Sequence[str],
    x_title: str,
    y_title: str,
) -> Html:
    """Return dots `(x, y, group)`, -1 for those of no group, with a legend."""
    canvas = Canvas(350, title)
    top, bottom, left, right = 46.0, 308.0, 52.0, WIDTH - 12.0
    x = Scale(*bounds([point[0] for point in points]), left, right)
    y = Scale(*bounds([point[1] for point in points]), bottom, top)
    canvas.y_axis(y, left, right)
    canvas.x_axis(x, top, bottom, x_title)
    canvas.text(6, 14, y_title, "axis")
    place = left
    for number_, name in enumerate(names):
        said = shortened(name, 14)
        if place + 28 + CHARACTER * len(said) > WIDTH:
            break
        canvas.dot(place + 5, 30, f"group {colour(number_)}", 4.5)
        canvas.text(place + 13, 34, said)
        place += 26 + CHARACTER * len(said)
    for a, b, group in points:
        canvas.dot(x(a), y(b), f"group {colour(group)}", 2.6)
    return canvas.svg()


def silhouettes(
    title: str, rows: Sequence[tuple[str, Sequence[float], float | None]], x_title: str
) -> Html:
    """Return sorted bars for each group `(name, values, mean)`, one under the other."""
    left, right, top = 92.0, WIDTH - 48.0, 8.0
    height = 3.0
    tall = [max(24.0, height * len(values)) for _, values, _ in rows]
    canvas = Canvas(top + sum(tall) + 8 * len(rows) + 36, title)
    low = min([v for _, values, _ in rows for v in values] + [0.0])
    x = Scale(min(low, -0.1), 1.0, left, right)
    bottom = top + sum(tall) + 8 * len(rows)
    canvas.x_axis(x, top, bottom, x_title)
    y = top
    for group, ((name, values, mean), room) in enumerate(zip(rows, tall, strict=True)):
        canvas.text(left - 8, y + room / 2 + 4, shortened(name, 12), "label", "end")
        for i, value in enumerate(values):
            start, stop = sorted((x(0.0), x(value)))
            canvas.rect(start, y + height * i, stop - start, height - 0.5, colour(group))
        canvas.text(WIDTH, y + room / 2 + 4, number(mean, 2), "label", "end")
        y += room + 8
    canvas.line(x(0.0), top, x(0.0), bottom, "frame")
    return canvas.svg()
