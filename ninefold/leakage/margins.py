"""target.margin: a place at the edge of pictures that tells the class, as their middle does not."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._marks import Mark, mark_of
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.power import Power, View
from ninefold.pixels import convert

CELLS, SIDE, LEAST_SIDE = 8, 32, 16
"""Cells a side that a picture is cut into, pixels a side that it is brought to, and that it has at
least: in smaller ones a stroke that reaches the border is a single pixel."""
MIN_ROWS, BINS = 150, 24
TELLS, LEAD = 0.95, 3.0
"""ROC area of a cell at the edge, and how many times less it must leave open than all inside."""
EDGE = 2
"""Cells from the border that are edge: a watermark or a frame, seldom what the picture shows."""
MIDDLE = np.pad(np.ones((CELLS - 2 * EDGE,) * 2, dtype=bool), EDGE)
AROUND, ALIKE, GOES_ON = 0.75, 0.25, 0.5
"""Share of the cells of every side that a background or a frame takes; share of the gap between
the classes by which pictures of one differ at most in a cell that was added, or a cell from the
next one that it goes on in; and share of the pictures in which that is too often."""
REMEDY = "crop or mask the edge in the source, or take all classes in one place"
TOLD = ("red", "green", "blue", "brightest pixel", "spread")


class MarginsCheck(Check):
    """Pictures whose border gives the class away: a watermark, a frame, the place they were taken.

    What a picture shows stands in its middle, or all over it. A cell at the edge whose colour,
    brightest pixel or spread tells a class nearly without error, which no cell inside does, is what
    was added, or where that class was photographed: it lies all around, or ends before the next
    cell. Else a mark is looked for that only a part of a class bears: the same pixels, alike.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.margin",)

    def findings(self, case: Case) -> Iterator[Finding]:
        power = case.power
        if not case.is_classification or power.classes < 2 or len(power.case) < MIN_ROWS:
            return
        for name, pictures in power.case.tensors.items():
            if not len(pictures) or pictures[0].dtype != np.uint8:
                continue
            if min(min(picture.shape[:2]) for picture in pictures) >= LEAST_SIDE:
                found = _told(power, name, pictures)
                mark = mark_of(pictures, power.case.y) if found is None else None
                if found is not None:
                    yield _finding(case, name, found)
                elif mark is not None:
                    yield _mark_finding(case, name, mark)


@dataclass(frozen=True)
class _Told:
    """The cell at the edge that tells class `klass` best, by what, and the best score inside."""

    cell: tuple[int, int]
    what: str
    klass: int | None
    area: float
    inside: float


def _told(power: Power, name: str, pictures: Array) -> _Told | None:
    cells = _cells(pictures)
    best: _Told | None = None
    scores: dict[int | None, Array] = {}
    blank = np.full((CELLS, CELLS), 0.5)
    for row, col, place in np.ndindex(*cells.shape[1:]):
        values = cells[:, row, col, place]
        if np.ptp(values) == 0:
            continue
        one = power.alone(View(name, "value", binned(values, BINS), values))
        of_class = scores.setdefault(one.klass if power.classes > 2 else 0, blank.copy())
        of_class[row, col] = max(of_class[row, col], one.score)
        if not MIDDLE[row, col] and one.score >= max(TELLS, best.area if best else 0.0):
            best = _Told((row, col), TOLD[place], one.klass, one.score, 0.0)
    if best is None:
        return None
    most = max(float(of_class[MIDDLE].max()) for of_class in scores.values())
    if most >= TELLS or 1 - most < LEAD * (1 - best.area):
        return None
    telling = 1 - scores[best.klass if power.classes > 2 else 0] <= max(
        LEAD * (1 - best.area), 1 - TELLS
    )
    shown, first = cells[..., TOLD.index(best.what)], power.case.y == best.klass
    return replace(best, inside=most) if _is_added(telling, best.cell, shown, first) else None


def _is_added(telling: Array, cell: tuple[int, int], shown: Array, first: Array) -> bool:
    """Tell whether cells `(CELLS, CELLS)` lie around the picture, or close together and end there.

    A band that leads from one side to another, and what goes on in the next cell, is what the
    picture shows: a low frequency, a bar.
    """
    from scipy.ndimage import label

    if all(side.mean() >= AROUND for side in (telling[0], telling[-1], *telling.T[[0, -1]])):
        return True
    areas, _ = label(telling)
    rows, cols = np.nonzero(areas == areas[cell])
    top, bottom, left, right = rows.min(), rows.max(), cols.min(), cols.max()
    if max(bottom - top, right - left) >= CELLS // 2:
        return False
    row, col = cell
    beyond = [(top - 1, col), (bottom + 1, col), (row, left - 1), (row, right + 1)]
    last = [(top, col), (bottom, col), (row, left), (row, right)]
    values = shown[:, row, col]
    likewise = ALIKE * abs(np.median(values[first]) - np.median(values[~first]))
    goes_on = np.zeros((4, len(shown)))
    for side, (there, here) in enumerate(zip(beyond, last, strict=True)):
        if min(there) >= 0 and max(there) < CELLS:
            goes_on[side] = np.abs(shown[:, *there] - shown[:, *here]) <= likewise
    return any(
        np.subtract(*np.percentile(values[part], [75, 25])) <= likewise
        and bool((goes_on[:, part].mean(axis=1) < GOES_ON).all())
        for part in (first, ~first)
    )


def _mark_finding(case: Case, name: str, mark: Mark) -> Finding:
    seen = case.power.case
    label = str(seen.frame[case.problem.target][int((seen.y == mark.klass).argmax())])
    where = f"{mark.at[0]:.0%} from above, {mark.at[1]:.0%} from the left"
    return Finding(
        kind="target.margin",
        severity="warn",
        columns=(name,),
        evidence={
            "class": label,
            "at": [round(share, 3) for share in mark.at],
            "pixels": mark.pixels,
            "share_of_the_class": round(mark.share, 4),
            "share_of_the_others": round(mark.others, 4),
            "pictures_looked_at": len(seen),
        },
        message=(
            f"the same few pixels at the edge of the pictures ({where}) stand on {mark.share:.0%} "
            f"of those with `{case.problem.target}` {label} and {mark.others:.1%} of the others: a "
            "mark tells the class, not what the picture shows"
        ),
        remedy=REMEDY,
    )


def _cells(pictures: Array) -> Array:
    """Return of each cell `(N, CELLS, CELLS, 5)`: mean colours, brightest pixel and spread."""
    from PIL import Image

    small = np.empty((len(pictures), SIDE, SIDE, 3), dtype=np.float32)
    for row, picture in enumerate(pictures):
        image = Image.fromarray(convert(picture, 3))
        small[row] = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    step = SIDE // CELLS
    cut = small.reshape(len(small), CELLS, step, CELLS, step, 3)
    grey = cut.mean(axis=5)
    told = [
        cut.mean(axis=(2, 4)),
        grey.max(axis=(2, 4))[..., None],
        grey.std(axis=(2, 4))[..., None],
    ]
    return np.concatenate(told, axis=3).astype(np.float64)


def _finding(case: Case, name: str, found: _Told) -> Finding:
    row, col = found.cell
    where = f"row {row + 1}, column {col + 1} of {CELLS} × {CELLS}"
    return Finding(
        kind="target.margin",
        severity="warn",
        columns=(name,),
        evidence={
            "cell": [row + 1, col + 1],
            "told_by": found.what,
            "roc_auc": round(found.area, 4),
            "roc_auc_of_the_middle": round(found.inside, 4),
            "pictures_looked_at": len(case.power.case),
        },
        message=(
            f"one cell at the edge of the pictures ({where}) tells `{case.problem.target}` by its "
            f"{found.what} (ROC area {found.area:.3f}, no cell in the middle more than "
            f"{found.inside:.3f}): a watermark, a frame or the background tells the class, not "
            "what the picture shows"
        ),
        remedy=REMEDY,
    )
