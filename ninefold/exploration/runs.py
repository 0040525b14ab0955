"""Runs: how many rows on end have the same value."""

from bisect import bisect_left, bisect_right

import numpy as np

from ninefold.columns import Array


def run_lengths(values: Array) -> Array:
    """Return how many of the values `(N,)` on end are equal, run by run, as int64 `(R,)`."""
    if not len(values):
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1], [True])))
    return np.diff(starts)


def in_order(values: Array, *, strictly: bool = False) -> Array:
    """Return the mask `(N,)` of a longest part of `values` that ascends (patience sorting).

    >>> in_order(np.array([1, 2, 99, 3, 4])).tolist()
    [True, True, False, True, True]
    """
    steps = np.diff(values)
    if (steps > 0 if strictly else steps >= 0).all():
        return np.ones(len(values), dtype=bool)
    place = bisect_left if strictly else bisect_right
    lasts: list[float] = []
    rows: list[int] = []
    before = np.full(len(values), -1)
    for row, value in enumerate(values.tolist()):
        at = place(lasts, value)
        lasts[at : at + 1], rows[at : at + 1] = [value], [row]
        before[row] = rows[at - 1] if at else -1
    found = np.zeros(len(values), dtype=bool)
    row = rows[-1]
    while row >= 0:
        found[row] = True
        row = int(before[row])
    return found
