"""Two histograms on one axis, with a threshold."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import WIDTH, Canvas
from ninefold.report.charts.scale import Scale
from ninefold.report.markup import Html


def errors(
    title: str,
    edges: Sequence[float],
    ordinary: Sequence[int],
    others: Sequence[int] | None,
    threshold: float | None,
    x_title: str,
) -> Html:
    """Return bars of ordinary rows, and above the axis' mirror those of anomalies if known."""
    canvas = Canvas(270, title)
    top, bottom, left, right = 46.0, 230.0, 30.0, WIDTH - 14.0
    x = Scale(edges[0], edges[-1], left, right)
    canvas.x_axis(x, top, bottom, x_title)
    entries = [("data", "rows" if others is None else "ordinary rows")]
    series = [(ordinary, "data")]
    if others is not None:
        entries.append(("rival", "anomalies"))
        series.append((others, "rival"))
    canvas.legend(left, 34, entries)
    width = (right - left) / max(len(ordinary), 1)
    share = 1.0 / len(series)
    for place, (counts, css) in enumerate(series):
        highest = max([*counts, 1])
        for index, amount in enumerate(counts):
            tall = (bottom - top - 12) * amount / highest
            start = left + width * (index + place * share)
            canvas.rect(
                start, bottom - tall, width * share - 0.5, tall, f"fill {css}", f"{amount:,}"
            )
    canvas.line(left, bottom, right, bottom, "frame")
    if threshold is not None and edges[0] <= threshold <= edges[-1]:
        canvas.line(x(threshold), top, x(threshold), bottom, "mark")
        canvas.text(x(threshold) + 5, top + 10, "alarm", "label")
    return canvas.svg()
