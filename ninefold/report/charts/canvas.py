"""A picture being drawn: shapes, texts and axes, turned into one SVG element."""

from collections.abc import Sequence

from ninefold.report.charts.scale import Scale, tick_labels
from ninefold.report.markup import Html, html

WIDTH = 460
CHARACTER = 6.3
"""Mean width of a letter at the size of labels, in picture units."""
MOST_LETTERS = 36
"""Longest name that pictures make room for."""


class Canvas:
    """A picture `WIDTH` units wide; the page scales it, so that it also fits a phone."""

    def __init__(self, height: float, title: str, width: float = WIDTH) -> None:
        self.width, self.height, self.title = width, height, title
        self._shapes: list[str] = []

    def rect(self, x: float, y: float, w: float, h: float, css: str, hint: str = "") -> None:
        """Add a filled rectangle; `hint` shows when pointed at."""
        inner = f"<title>{html(hint)}</title>" if hint else ""
        self._shapes.append(
            f'<rect class="{css}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(w, 0))}" '
            f'height="{_n(max(h, 0))}">{inner}</rect>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """Add a straight line."""
        self._shapes.append(
            f'<line class="{css}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>'
        )

    def path(self, points: Sequence[tuple[float, float]], css: str) -> None:
        """Add a line through points."""
        if points:
            steps = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
            self._shapes.append(f'<polyline class="{css}" points="{steps}"/>')

    def dot(self, x: float, y: float, css: str, radius: float = 4, hint: str = "") -> None:
        """Add a dot; `hint` shows when pointed at."""
        inner = f"<title>{html(hint)}</title>" if hint else ""
        self._shapes.append(
            f'<circle class="{css}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}">{inner}</circle>'
        )

    def text(
        self, x: float, y: float, text: object, css: str = "label", anchor: str = "start"
    ) -> None:
        """Add a text whose baseline starts (or ends, or is centred) at a point."""
        place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"'
        self._shapes.append(f'<text class="{css}" {place}>{html(text)}</text>')

    def slanted(self, x: float, y: float, text: object) -> None:
        """Add a text that rises from a point, for narrow columns."""
        self._shapes.append(
            f'<text class="tick" x="{_n(x)}" y="{_n(y)}" '
            f'transform="rotate(-55 {_n(x)} {_n(y)})">{html(text)}</text>'
        )

    def x_axis(self, scale: Scale, top: float, bottom: float, title: str = "") -> None:
        """Add grid lines and labels for a horizontal scale, and its title below."""
        for tick, text in scale.marks():
            self.line(scale(tick), top, scale(tick), bottom, "gridline")
            self.text(scale(tick), bottom + 14, text, "tick", "middle")
        if title:
            half = min(CHARACTER * len(title), self.width) / 2
            middle = min(max((scale.start + scale.stop) / 2, half), self.width - half)
            self.text(middle, bottom + 31, title, "axis", "middle")

    def y_axis(self, scale: Scale, left: float, right: float, title: str = "") -> None:
        """Add grid lines and labels for a vertical scale, and its title above."""
        ticks = scale.ticks(4)
        for tick, text in zip(ticks, tick_labels(ticks), strict=True):
            self.line(left, scale(tick), right, scale(tick), "gridline")
            self.text(left - 6, scale(tick) + 4, text, "tick", "end")
        if title:
            self.text(6, min(scale.start, scale.stop) - 10, title, "axis")

    def legend(self, x: float, y: float, entries: Sequence[tuple[str, str]]) -> None:
        """Add `(css, name)` entries in one line."""
        for css, name in entries:
            self.rect(x, y - 8, 12, 8, f"fill {css}")
            self.text(x + 16, y, name)
            x += 28 + CHARACTER * len(name)

    def svg(self) -> Html:
        """Return the picture; its title is what a screen reader says."""
        return Html(
            f'<svg viewBox="0 0 {_n(self.width)} {_n(self.height)}" role="img" '
            f'aria-label="{html(self.title)}">{"".join(self._shapes)}</svg>'
        )


def beside(longest: int, least: float) -> float:
    """Return the room for names of so many letters before a picture, `MOST_LETTERS` at most."""
    return max(least, 13 + CHARACTER * min(longest, MOST_LETTERS))


def shortened(text: object, most: int) -> str:
    """Cut a text to `most` letters, with `…` in the middle."""
    return _cut(text, most, (most - 1) // 3)


def told_apart(texts: Sequence[object], most: int) -> list[str]:
    """Cut texts as `shortened` does, but keep more of the ends where they would be alike."""
    found: list[str] = []
    for tail in ((most - 1) // 3, (most - 1) // 2, (most - 1) * 2 // 3):
        found = [_cut(text, most, tail) for text in texts]
        if len(set(found)) == len(set(texts)):
            break
    return found


def _cut(text: object, most: int, tail: int) -> str:
    said = " ".join(str(text).split()) or "(empty)"
    if len(said) <= most:
        return said
    return f"{said[: most - 1 - tail]}…{said[len(said) - tail :]}"


def _n(value: float) -> str:
    """Write a coordinate with at most one decimal: short, and the same on every platform."""
    return f"{round(value, 1) + 0.0:g}"
