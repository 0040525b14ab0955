"""A square of counts: which class is taken for which."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import WIDTH, Canvas, shortened
from ninefold.report.markup import Html, percent

SHADES = 9
MAX_WITH_NUMBERS = 8


def confusion(title: str, classes: Sequence[str], counts: Sequence[Sequence[int]]) -> Html:
    """Return a confusion matrix, shaded by the share of each true class (row)."""
    size, left, top = len(classes), 112.0, 46.0
    cell = min((WIDTH - left - 6) / max(size, 1), 92.0)
    tall = min(cell, 52.0) if size <= 3 else cell
    slanted = 0.0 if cell > 60 else 66.0
    canvas = Canvas(top + slanted + tall * size + 12, title)
    canvas.text(0, 14, "true ↓  predicted →", "axis")
    top += slanted
    for column, name in enumerate(classes):
        _heading(canvas, left + cell * (column + 0.5), top - 8, name, cell)
    for row, name in enumerate(classes):
        total = sum(counts[row]) or 1
        y = top + tall * row
        canvas.text(left - 8, y + tall / 2 + 4, shortened(name, 16), "label", "end")
        for column, amount in enumerate(counts[row]):
            share = amount / total
            shade = 0 if not amount else 1 + min(int(share * (SHADES - 1)), SHADES - 2)
            kind = "right" if row == column else "wrong"
            hint = f"{name} taken for {classes[column]}: {amount:,} ({percent(share)})"
            x = left + cell * column
            canvas.rect(x, y, cell - 1.5, tall - 1.5, f"{kind} s{shade}", hint)
            if size <= MAX_WITH_NUMBERS:
                css = "inverse" if shade > SHADES // 2 else "label"
                canvas.text(x + cell / 2, y + tall / 2 - 1, percent(share), css, "middle")
                canvas.text(x + cell / 2, y + tall / 2 + 12, f"{amount:,}", f"{css} tiny", "middle")
    return canvas.svg()


def _heading(canvas: Canvas, x: float, y: float, name: str, cell: float) -> None:
    if cell > 60:
        canvas.text(x, y, shortened(name, int(cell / 6.5)), "label", "middle")
    else:
        canvas.slanted(x, y, shortened(name, 14))
