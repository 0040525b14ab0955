"""preprocessing.class_fill: gaps that were filled with the mean of the row's own class."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._fills import SPIKE, Centre, is_mean, is_median
from ninefold.leakage.case import Case, Check, Finding, known_after

MIN_ROWS = 30
"""Rows of a class with a value, below which nothing is said of it."""
CANDIDATES, MOST_CLASSES = 3, 10
"""Most frequent values of a class, and commonest classes, that are looked at."""


class ClassFillCheck(Check):
    """Numbers that stand in one class again and again and are the mean of that class's others.

    Whoever filled them in had to know the outcome of each row, test rows too. Two classes filled
    so to the last digit have no honest reading and block; one class, or medians, ask.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = ("preprocessing.class_fill",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.is_classification:
            return
        common = np.argsort(-np.bincount(case.y), kind="stable")[:MOST_CLASSES]
        for name in case.inputs:
            if case.frame.column(name).kind != "number" or case.codes[name].max() < SPIKE:
                continue
            x = case.number(name)
            fills = [fill for code in common if (fill := _fill(case, x, int(code))) is not None]
            if fills:
                yield _finding(case, name, fills)


@dataclass(frozen=True)
class _Fill:
    """A value that stands for gaps in the rows `(N,)` of one class."""

    rows: Array
    is_mean: bool


def _fill(case: Case, x: Array, klass: int) -> _Fill | None:
    """Return the value that only one class has, and that is the centre of its other values."""
    inside = np.isfinite(x) & (case.y == klass)
    if inside.sum() < MIN_ROWS:
        return None
    values, counts = np.unique(x[inside], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:CANDIDATES]
    for at in order:
        second = int(np.delete(counts, at).max(initial=0))
        if counts[at] < SPIKE or len(values) < 2 * SPIKE:
            continue
        spike, rest = float(values[at]), x[inside & (x != values[at])]
        rows = x == spike
        if (case.y[rows] != klass).any():
            continue
        is_clear = bool(counts[at] >= SPIKE * max(second, 1))
        centres: tuple[Centre, ...] = (is_mean, is_median)
        for centre in centres:
            of_train = x[inside & case.train & ~rows]
            if centre(spike, rest, second, is_clear) or (
                len(of_train) >= MIN_ROWS and centre(spike, of_train, second, is_clear)
            ):
                return _Fill(rows, centre is is_mean)
    return None


def _finding(case: Case, name: str, fills: list[_Fill]) -> Finding:
    rows = np.logical_or.reduce([fill.rows for fill in fills])
    is_sure = sum(fill.is_mean for fill in fills) >= 2
    test = rows & case.test
    what = "mean" if all(fill.is_mean for fill in fills) else "mean or median"
    return Finding(
        kind="preprocessing.class_fill",
        severity="block" if is_sure else "warn",
        columns=(name,),
        rows=case.source_rows(test),
        evidence={"classes": len(fills), "rows": int(rows.sum()), "test_rows": int(test.sum())},
        message=(
            f"`{name}` has, in {int(rows.sum())} rows, the exact {what} of the other rows of the "
            f"same `{case.problem.target}` ({len(fills)} classes), which stands in no other class: "
            "gaps were filled by the outcome, which no new row has"
        ),
        remedy=f"ingest it with its gaps; or problem: {{available_at: {{{name!r}: after}}}}",
        fix=known_after([name]),
    )
