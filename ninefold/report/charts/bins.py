"""A value bin by bin, with its interval: how the target moves along a column."""

from collections.abc import Mapping, Sequence
from typing import Any

from ninefold.report.charts.canvas import Canvas, shortened
from ninefold.report.charts.scale import Scale
from ninefold.report.markup import Html, number, percent

SMALL = 260.0
ROW = 16.0
LABEL, VALUE = 104.0, 44.0


def bins(
    title: str, rows: Sequence[Mapping[str, Any]], limits: tuple[float, float], is_share: bool
) -> Html:
    """Return one line per bin `{label, value, low, high, rows}`; `limits` is the common axis."""
    canvas = Canvas(10 + ROW * len(rows), title, SMALL)
    x = Scale(limits[0], limits[1] if limits[1] > limits[0] else limits[0] + 1, LABEL + 6,
              SMALL - VALUE - 6)  # fmt: skip
    canvas.line(x.start, 2, x.start, 6 + ROW * len(rows), "gridline")
    for index, row in enumerate(rows):
        y = 4 + ROW * (index + 0.5)
        said = percent(row["value"]) if is_share else number(row["value"], 3)
        canvas.text(LABEL, y + 3.5, shortened(row["label"], 19), "tick", "end")
        canvas.line(x(row["low"]), y, x(row["high"]), y, "whisker network")
        hint = f"{row['label']}: {said} of {row['rows']:,} rows"
        canvas.dot(x(row["value"]), y, "fill network", 3.6, hint)
        canvas.text(SMALL, y + 3.5, said, "tick", "end")
    return canvas.svg()
