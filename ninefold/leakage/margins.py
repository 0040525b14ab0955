"""target.margin: a place at the edge of pictures that tells the class, as their middle does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.power import Power, View
from ninefold.pixels import convert

CELLS, SIDE = 8, 32
"""Cells a side that a picture is cut into, and pixels a side that it is brought to."""
MIN_ROWS, BINS = 150, 24
TELLS, LEAD = 0.95, 3.0
"""ROC area of a cell at the edge, and how many times less it must leave open than all inside."""
EDGE = 2
"""Cells from the border that are edge: a watermark or a frame, seldom what the picture shows."""
TOLD = ("red", "green", "blue", "brightest pixel", "spread")


class MarginsCheck(Check):
    """Pictures whose border gives the class away: a watermark, a frame, the place they were taken.

    What a picture shows stands in its middle, or all over it. A cell at the edge whose colour,
    brightest pixel or spread tells a class nearly without error, which no cell inside does, is what
    was added, or where that class was photographed.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.margin",)

    def findings(self, case: Case) -> Iterator[Finding]:
        power = case.power
        if not case.is_classification or power.classes < 2 or len(power.case) < MIN_ROWS:
            return
        for name, pictures in power.case.tensors.items():
            if len(pictures) and pictures[0].dtype == np.uint8:
                found = _told(power, name, pictures)
                if found is not None:
                    yield _finding(case, name, found)


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
    inside: dict[int | None, float] = {}
    for row in range(CELLS):
        for col in range(CELLS):
            middle = EDGE <= row < CELLS - EDGE and EDGE <= col < CELLS - EDGE
            for place, what in enumerate(TOLD):
                values = cells[:, row, col, place]
                if np.ptp(values) == 0:
                    continue
                one = power.alone(View(name, "value", binned(values, BINS), values))
                if middle:
                    inside[one.klass] = max(inside.get(one.klass, 0.0), one.score)
                elif one.score >= max(TELLS, best.area if best else 0.0):
                    best = _Told((row, col), what, one.klass, one.score, 0.0)
    if best is None:
        return None
    most = max(inside.values(), default=0.5)
    if most >= TELLS or 1 - most < LEAD * (1 - best.area):
        return None
    return _Told(best.cell, best.what, best.klass, best.area, most)


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
        remedy="crop or mask the edge in the source, or take all classes in one place",
    )
