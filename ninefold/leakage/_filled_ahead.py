"""Columns that hold the target in some rows and are filled in between from later ones."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage._series import Series

KNOWN = (0.02, 0.7)
"""Share of rows that hold the target, from and up to which the others may be filled in."""
MIN_ROWS, FOLLOW, BY_LAST = 40, 0.95, 0.2
"""Rows between two different known values, share of them that follow the rule, and share that may
repeat the last known value as well."""
NEAR, ROUNDED, OFTENER, SHIFTS = 1e-6, 0.51, 3.0, (-97, -41, 41, 97)
"""Distance up to which numbers are equal, in deviations of the target, and of a column to the
target, in steps of its rounding; times that rows must be equal oftener than rows as many steps
apart."""
STEPS = range(-7, 2)
"""Rows from a row to the one whose target its known value is."""


def filled_ahead(series: Series, x: Array, y: Array) -> str | None:
    """Return how `x` `(M,)` is filled in between rows that hold the target `y` `(M,)`, if it is.

    By the next known value, or on the line to it; whoever carries the last one on looks back only.
    So does who fills the gaps of a lag from rows whose value, so late, was known.
    """
    near = NEAR * float(np.std(y))
    if near == 0:
        return None
    equal = max(near, ROUNDED * resolution(x))
    first, last = series.bounds
    row = np.arange(len(y))
    for step in STEPS:
        ahead = y[np.clip(row + step, 0, len(y) - 1)]
        known = (np.abs(x - ahead) <= equal) & (first <= row + step) & (row + step <= last)
        if not KNOWN[0] <= known.mean() <= KNOWN[1]:
            continue
        elsewhere = max(float((np.abs(x - np.roll(ahead, by)) <= equal).mean()) for by in SHIFTS)
        if known.mean() < OFTENER * elsewhere:
            continue
        before = np.maximum.accumulate(np.where(known, row, -1))
        after = np.minimum.accumulate(np.where(known, row, len(y))[::-1])[::-1]
        between = ~known & np.isfinite(x) & (before >= first) & (after <= last)
        between &= after + step >= row
        start, stop = np.maximum(before, 0), np.minimum(after, len(y) - 1)
        between &= np.abs(x[stop] - x[start]) > 3 * near
        if between.sum() < MIN_ROWS:
            continue
        way = (row - start) / np.maximum(stop - start, 1)
        line = x[start] + way * (x[stop] - x[start])
        rules = {
            "in some rows, and the next known one in those between": x[stop],
            "in some rows, and on the line to the next known one between": line,
        }
        if (np.abs(x - x[start]) <= near)[between].mean() > BY_LAST:
            continue
        for words, values in rules.items():
            if (np.abs(x - values) <= near)[between].mean() >= FOLLOW:
                return words
    return None
