"""A square of associations, and a grid of gaps that come together."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import WIDTH, Canvas, told_apart
from ninefold.report.markup import Html, count, number

SHADES = 8
LEFT, TOP = 128.0, 100.0
BROAD, SLANT = 700.0, 56.0
"""Width of a matrix, and the room its last heading leans into."""


def associations(title: str, names: Sequence[str], values: Sequence[Sequence[float]]) -> Html:
    """Return a matrix shaded from 0 to 1; the value shows when pointed at."""
    cell = min((BROAD - LEFT - SLANT) / max(len(names), 1), 26.0)
    canvas = Canvas(TOP + cell * len(names) + 8, title, BROAD)
    above, beside = told_apart(names, 15), told_apart(names, 18)
    for i, name in enumerate(names):
        canvas.slanted(LEFT + cell * (i + 0.6), TOP - 6, above[i])
        canvas.text(LEFT - 6, TOP + cell * (i + 0.5) + 4, beside[i], "tick", "end")
        for j, other in enumerate(names):
            if i == j:
                continue
            shade = min(int(abs(values[i][j]) * (SHADES + 1)), SHADES)
            hint = f"{name} and {other}: {number(values[i][j], 2)}"
            canvas.rect(LEFT + cell * j, TOP + cell * i, cell - 1, cell - 1,
                        f"right s{shade}", hint)  # fmt: skip
    return canvas.svg()


def patterns(title: str, names: Sequence[str], rows: Sequence[tuple[Sequence[int], int]]) -> Html:
    """Return one line per pattern of gaps: a filled square where a column is missing."""
    step, right = 18.0, 74.0
    cell = min((WIDTH - right - 4) / max(len(names), 1), 26.0)
    canvas = Canvas(TOP + step * len(rows) + 6, title)
    for column, name in enumerate(told_apart(names, 15)):
        canvas.slanted(4 + cell * (column + 0.6), TOP - 6, name)
    for row, (missing, amount) in enumerate(rows):
        y = TOP + step * row
        for column in range(len(names)):
            css = "fill warn" if column in missing else "fill track"
            canvas.rect(4 + cell * column, y, cell - 2, step - 3, css)
        canvas.text(10 + cell * len(names), y + 11, count(amount, "row"))
    return canvas.svg()
