"""Numbers that were given out in ranges, and a range in which all rows have one class."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array

LEAST, SHARE, MOSTLY = 30, 0.03, 0.5
"""Rows of a stretch of numbers from which it is looked at, and their share of all or of a class."""
UNLIKELY = -12.0
"""log10 of the chance that so many neighbours have one class."""
MIXED = 0.5
"""Changes of class from row to row elsewhere, in shares of those by lot: else rows stand in blocks
of one class all over, as those of entities do."""
GAP = 3.0
"""Times the numbers of the shorter side that lie unused between two ranges."""


@dataclass(frozen=True)
class Stretch:
    """Numbers from `first` to `last` whose rows all have class `code`, and their share of it."""

    first: float
    last: float
    code: int
    rows: int
    share: float
    chance: float


def two_ranges(values: Array) -> tuple[Array, Array] | None:
    """Return numbers below and above the largest gap, if it is far wider than one side."""
    known = np.sort(values)
    steps = np.diff(known)
    if len(steps) < 2 * LEAST:
        return None
    at = int(steps.argmax()) + 1
    low, high = known[:at], known[at:]
    if min(len(low), len(high)) < LEAST:
        return None
    narrow = min(float(np.ptp(low)), float(np.ptp(high)))
    return (low, high) if steps[at - 1] > GAP * max(narrow, 1.0) else None


def one_class(values: Array, y: Array) -> Stretch | None:
    """Return the longest run of numbers `(N,)` in order whose rows have one class of `y` `(N,)`.

    None where chance, or the class being common, explains it.
    """
    order = np.argsort(values, kind="stable")
    classes = y[order]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(classes)) + 1])
    length = np.diff(np.concatenate([starts, [len(classes)]]))
    usual = np.bincount(y) / len(y)
    with np.errstate(divide="ignore"):
        chance = length * np.log10(usual[classes[starts]]) + np.log10(len(y))
    at = int(chance.argmin())
    rows, code = int(length[at]), int(classes[starts[at]])
    share = rows / float((y == code).sum())
    if chance[at] > UNLIKELY or rows < LEAST or (rows < SHARE * len(y) and share < MOSTLY):
        return None
    if not _are_mixed(np.delete(classes, np.s_[starts[at] : starts[at] + rows])):
        return None
    first, last = order[starts[at]], order[starts[at] + rows - 1]
    return Stretch(float(values[first]), float(values[last]), code, rows, share, float(chance[at]))


def _are_mixed(classes: Array) -> bool:
    """Tell whether classes `(n,)` change from row to row as by lot: those of one entity do not."""
    if not len(classes):
        return False
    usual = np.bincount(classes) / len(classes)
    by_lot = len(classes) * float(1 - (usual**2).sum())
    return by_lot >= LEAST and int((np.diff(classes) != 0).sum()) >= MIXED * by_lot


def step_area(values: Array, y: Array) -> float:
    """Return the best mean of both hit rates that one cut through `(N,)` has for a class of `(N,)`.

    Classes of few rows, and cuts that leave few on a side, do not count.
    """
    order = np.argsort(values, kind="stable")
    best = 0.0
    for code in np.flatnonzero(np.bincount(y) >= LEAST):
        is_class = y[order] == code
        if len(y) - is_class.sum() < LEAST:
            continue
        inside, others = np.cumsum(is_class), np.cumsum(~is_class)
        apart = np.abs(inside / inside[-1] - others / others[-1])[LEAST:-LEAST]
        best = max(best, float(apart.max(initial=0.0)))
    return 0.5 + best / 2
