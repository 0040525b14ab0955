"""Pairs of bars: shares of then and now, side by side."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import Canvas, shortened
from ninefold.report.markup import Html, percent

SMALL = 300.0
ROW = 24.0
LABEL, VALUE = 104.0, 48.0


def pairs(
    title: str, rows: Sequence[tuple[str, float, float]], names: tuple[str, str] = ("train", "now")
) -> Html:
    """Return two bars for each row `(name, share before, share now)`, the second one darker."""
    canvas = Canvas(22 + ROW * len(rows), title, SMALL)
    highest = max([share for _, *shares in rows for share in shares] + [1e-9])
    left, width = LABEL + 6, SMALL - LABEL - VALUE - 12
    canvas.legend(left, 11, list(zip(("fill left", "fill network"), names, strict=True)))
    for index, (name, before, now) in enumerate(rows):
        y = 20 + ROW * index
        hint = f"{name}: {names[0]} {percent(before)}, {names[1]} {percent(now)}"
        canvas.text(LABEL, y + 12, shortened(name, 18), "tick", "end")
        canvas.rect(left, y, width * before / highest, 8, "fill left", hint)
        canvas.rect(left, y + 9, width * now / highest, 8, "fill network", hint)
        canvas.text(SMALL, y + 12, percent(now), "tick", "end")
    return canvas.svg()
