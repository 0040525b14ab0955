"""Labels of steps as coloured strips, what is true above what was said."""

from collections.abc import Sequence

from ninefold.report.charts.canvas import CHARACTER, WIDTH, Canvas, shortened
from ninefold.report.charts.groups import colour
from ninefold.report.markup import Html

ROW = 44.0


def strips(
    title: str, names: Sequence[str], rows: Sequence[tuple[str, Sequence[int], Sequence[int]]]
) -> Html:
    """Return two strips for each row `(name, true codes, said codes)`; -1 leaves a gap."""
    left, top = 92.0, 30.0
    canvas = Canvas(top + ROW * len(rows) + 8, title)
    place = left
    for code, name in enumerate(names):
        said = shortened(name, 14)
        if place + 28 + CHARACTER * len(said) > WIDTH:
            break
        canvas.dot(place + 5, 10, f"group {colour(code)}", 4.5)
        canvas.text(place + 13, 14, said)
        place += 26 + CHARACTER * len(said)
    for number, (name, truth, codes) in enumerate(rows):
        y = top + ROW * number
        canvas.text(left - 8, y + 20, shortened(name, 13), "label", "end")
        wide = (WIDTH - left - 8) / max(len(truth), 1)
        for offset, strip in ((0.0, truth), (16.0, codes)):
            for start, stop, code in _runs(strip):
                if code >= 0:
                    hint = f"{names[code]}, steps {start + 1} to {stop}"
                    width = max(wide * (stop - start) - 0.5, 0.5)
                    canvas.rect(left + wide * start, y + offset, width, 14,
                                f"group {colour(code)}", hint)  # fmt: skip
    return canvas.svg()


def _runs(codes: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return `(start, stop, code)` of each run of equal codes."""
    found, start = [], 0
    for place in range(1, len(codes) + 1):
        if place == len(codes) or codes[place] != codes[start]:
            found.append((start, place, codes[start]))
            start = place
    return found
