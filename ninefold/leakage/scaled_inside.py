"""preprocessing.scaling_inside: series standardised, each by all of its own rows."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._groupings import Grouping, groupings_of
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding

LEAST_ROWS, LEAST_GROUPS, COVERED = 8, 3, 0.8
"""Rows of a group that is looked at, such groups, and share of the rows that they hold."""
DISTINCT, FINE = 20, 1e-2
"""Distinct values and coarsest step of a column that was computed."""
NEARLY_ALL = 0.95
"""Share of the groups that must be standardised: one of one value cannot be."""
EXACT = 1e-6
"""Deviation that rounding of floats explains."""
REPEATED = 0.5
"""Groups of different values, in shares, up to which a plan gave them, not a measure."""


class ScaledInsideCheck(Check):
    """Columns with mean 0 and deviation 1 in every entity, over train and test rows together.

    The mean and deviation of a whole series are not known while it runs. Only where rows follow a
    time: pupils standardised within their class are an index, and so are the entities of one day.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = ("preprocessing.scaling_inside",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        time = case.problem.time
        if time is None:
            return
        columns = [name for name in case.inputs if _is_fine(case, name)]
        moment = np.unique(case.frame[time], return_inverse=True)[1]
        told: set[str] = set()
        for group in groupings_of(case):
            if group.is_period or _is_within_moment(group, moment):
                continue
            for name in columns:
                if name not in told and _is_scaled(case, group, case.frame[name]):
                    told.add(name)
                    yield _finding(name, group, len(case))


def _is_fine(case: Case, name: str) -> bool:
    if case.frame.column(name).kind != "number" or name == case.problem.time:
        return False
    known = case.frame[name][np.isfinite(case.frame[name])]
    if len(known) < LEAST_GROUPS * LEAST_ROWS or case.codes[name].max() < DISTINCT:
        return False
    return bool(np.abs(known).max() < 1e6 and resolution(known) <= FINE)


def _is_within_moment(group: Grouping, moment: Array) -> bool:
    """Tell whether the rows of a group are mostly of one moment."""
    order = np.lexsort((moment, group.code))
    same = np.diff(group.code[order]) == 0
    return bool(same.any() and (np.diff(moment[order])[same] == 0).mean() > 1 - NEARLY_ALL)


def _is_scaled(case: Case, group: Grouping, x: Array) -> bool:
    """Tell whether `x` `(N,)` is standardised in the groups by all rows, not by those of train."""
    known = np.isfinite(x)
    if not _is_standard(group, x, known) or _is_plan(group, x, known):
        return False
    return not any(_is_standard(group, x, known & part) for part in (case.train, ~case.test))


def _is_standard(group: Grouping, x: Array, rows: Array) -> bool:
    groups = len(group.size)
    count = np.bincount(group.code[rows], minlength=groups)
    large = count >= LEAST_ROWS
    if large.sum() < LEAST_GROUPS or count[large].sum() < COVERED * len(x):
        return False
    n = np.maximum(count, 2)
    mean = np.bincount(group.code[rows], x[rows], groups) / n
    square = np.bincount(group.code[rows], (x[rows] - mean[group.code[rows]]) ** 2, groups)
    off = np.minimum(*(np.abs(np.sqrt(square / of) - 1) for of in (n, n - 1)))
    near = np.maximum(5 * resolution(x[rows]) / np.sqrt(12 * n), EXACT)
    return bool(((np.abs(mean) <= near) & (off <= near))[large].mean() >= NEARLY_ALL)


def _is_plan(group: Grouping, x: Array, rows: Array) -> bool:
    """Tell whether the groups have the same values, as an experiment gives them."""
    order = np.lexsort((x, group.code))
    order = order[rows[order]]
    cuts = np.flatnonzero(np.diff(group.code[order])) + 1
    values = [part.tobytes() for part in np.split(x[order], cuts)]
    return len(set(values)) <= REPEATED * len(values)


def _finding(name: str, group: Grouping, rows: int) -> Finding:
    return Finding(
        kind="preprocessing.scaling_inside",
        severity="warn",
        columns=(name,),
        evidence={"groups": len(group.size), "by": group.words, "rows": rows},
        message=(
            f"`{name}` has mean 0 and standard deviation 1 exactly within each {group.words}, over "
            "train and test together: it was standardised by whole series, later rows included. "
            "In use those are not there yet"
        ),
        remedy="give the column as measured, or standardise it by the rows up to the present",
    )
