"""Bars: a histogram of numbers, counts of levels, shares of a whole."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import CHARACTER, WIDTH, Canvas, beside, shortened
from ninefold.report.markup import Html, count, number, percent

SMALL = 220.0


def histogram(title: str, counts: Sequence[int], ends: tuple[str, str], css: str = "data") -> Html:
    """Return a small histogram with the names of its two ends below."""
    canvas = Canvas(96, title, SMALL)
    top, bottom = 6.0, 76.0
    highest, width = max([*counts, 1]), SMALL / max(len(counts), 1)
    for index, amount in enumerate(counts):
        height = (bottom - top) * amount / highest
        if amount:
            height = max(height, 1.0)
        canvas.rect(
            index * width + 0.5, bottom - height, width - 1, height, f"fill {css}", f"{amount:,}"
        )
    canvas.line(0, bottom, SMALL, bottom, "frame")
    canvas.text(0, 91, shortened(ends[0], 17), "tick")
    canvas.text(SMALL, 91, shortened(ends[1], 17), "tick", "end")
    return canvas.svg()


def levels(title: str, counted: Sequence[tuple[str, int]], total: int, css: str = "data") -> Html:
    """Return small horizontal bars, one per level; lengths are shares of the largest."""
    row = 15.0
    canvas = Canvas(max(96.0, 6 + row * len(counted)), title, SMALL)
    highest = max([amount for _, amount in counted] + [1])
    for index, (name, amount) in enumerate(counted):
        y = 4 + row * index
        share = percent(amount / total) if total else ""
        canvas.rect(88, y, 88 * amount / highest, 11, f"fill {css}", f"{name}: {amount:,}")
        canvas.text(84, y + 9.5, shortened(name, 13), "tick", "end")
        canvas.text(SMALL, y + 9.5, share, "tick", "end")
    return canvas.svg()


def shares(title: str, rows: Sequence[tuple[str, float, str]], css: str = "warn") -> Html:
    """Return horizontal bars of shares (0 to 1) with a name before and a text behind each."""
    longest = max((len(name) for name, *_ in rows), default=0)
    step, left, right = 20.0, beside(longest, 170.0), WIDTH - 64.0
    canvas = Canvas(8 + step * len(rows), title)
    for index, (name, share, text) in enumerate(rows):
        y = 4 + step * index
        canvas.rect(left, y, right - left, 14, "fill track")
        canvas.rect(left, y, (right - left) * min(max(share, 0), 1), 14, f"fill {css}")
        canvas.text(left - 8, y + 11, shortened(name, int((left - 12) / CHARACTER)), "label", "end")
        canvas.text(WIDTH, y + 11, text, "label", "end")
    return canvas.svg()


def stacked(title: str, parts: Sequence[tuple[str, int, str]]) -> Html:
    """Return one bar cut into parts: `(name, rows, css)`, with a legend that states the rows."""
    total = sum(amount for _, amount, _ in parts) or 1
    canvas = Canvas(34 + 18 * len(parts), title)
    x = 0.0
    for name, amount, css in parts:
        width = WIDTH * amount / total
        canvas.rect(x, 0, max(width - 1.5, 0.5), 24, f"fill {css}", f"{name}: {amount:,}")
        x += width
    for index, (name, amount, css) in enumerate(parts):
        y = 46 + 18 * index
        canvas.rect(0, y - 9, 12, 9, f"fill {css}")
        canvas.text(18, y, f"{name}: {count(amount, 'row')} ({percent(amount / total)})")
    return canvas.svg()


def columns(
    title: str, counts: Sequence[int], edges: Sequence[float], x_title: str, css: str = "network"
) -> Html:
    """Return a full-size histogram with numbered ends and middle."""
    canvas = Canvas(230, title)
    top, bottom, left, right = 12.0, 186.0, 10.0, WIDTH - 10.0
    highest, width = max([*counts, 1]), (right - left) / max(len(counts), 1)
    for index, amount in enumerate(counts):
        height = (bottom - top) * amount / highest
        hint = f"{number(edges[index])} to {number(edges[index + 1])}: {amount:,}"
        canvas.rect(left + index * width, bottom - height, width - 1, height, f"fill {css}", hint)
    canvas.line(left, bottom, right, bottom, "frame")
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        value = edges[0] + share * (edges[-1] - edges[0])
        canvas.text(left + share * (right - left), bottom + 15, number(value, 3), "tick", anchor)
    if edges[0] < 0 < edges[-1]:
        zero = left + (right - left) * -edges[0] / (edges[-1] - edges[0])
        canvas.line(zero, top, zero, bottom, "mark")
    canvas.text(WIDTH / 2, bottom + 34, x_title, "axis", "middle")
    return canvas.svg()
