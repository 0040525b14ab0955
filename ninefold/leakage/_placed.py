"""Whether a number is a rank of the target in its group, or goes straight with it there."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution

ROWS = 20_000
LEAST = 4
"""Rows of a group through which no straight line goes by itself."""
FITS = 0.9
"""Share of the rows of such groups that must lie on their group's line."""
MEANING = 0.2
"""Most of a group's spread that rounding may be for a line to be seen."""


def is_placed(code: Array, x: Array, y: Array) -> bool:
    """Tell whether `x` `(N,)` is a straight line of `y` `(N,)`, or of its ranks, in each group.

    Shares, distances and scores are the first, ranks the second. What follows the target's order
    by a curve is tied to it by nature: humidity to temperature at one dew point.
    """
    known = np.flatnonzero(np.isfinite(x))[:ROWS]
    code, x, y = code[known], x[known], y[known]
    size = np.bincount(code)
    large = size[code] >= LEAST
    if large.sum() < LEAST * 5:
        return True
    code, x, y = np.unique(code[large], return_inverse=True)[1], x[large], y[large]
    return any(_on_lines(code, x, place) for place in (y, *_ranks(code, y)))


def is_counter(code: Array, x: Array, row: Array) -> bool:
    """Tell whether `x` `(N,)` counts the rows of each group as they stand in the source.

    From one number on, in steps of one: cycles of a machine, visits of a patient, known as they
    come, though what is left of a life falls with them.
    """
    known = np.flatnonzero(np.isfinite(x))
    order = known[np.lexsort((row[known], code[known]))]
    code, x = code[order], x[order]
    same = code[1:] == code[:-1]
    starts = x[np.append(True, ~same)]
    return bool(same.any() and (np.diff(x)[same] == 1).all() and (starts == starts[0]).all())


def _ranks(code: Array, y: Array) -> list[Array]:
    """Return the ranks `(N,)` of `y` within groups: ties averaged, least, greatest, and dense."""
    import pandas as pd

    grouped = pd.Series(y).groupby(code)
    return [grouped.rank(method=how).to_numpy() for how in ("average", "min", "max", "dense")]


def _on_lines(code: Array, x: Array, place: Array) -> bool:
    size = np.bincount(code)
    a = x - (np.bincount(code, x) / size)[code]
    b = place - (np.bincount(code, place) / size)[code]
    square = np.bincount(code, b * b)
    slope = np.bincount(code, a * b) / np.where(square > 0, square, 1.0)
    spread = np.sqrt(np.bincount(code, a * a) / size)[code]
    near = max(0.7 * resolution(x), 1e-6 * float(np.std(x)))
    told = (square[code] > 0) & (near <= MEANING * spread)
    fits = np.abs(a - slope[code] * b) <= near
    return bool(told.sum() < LEAST * 5 or fits[told].mean() >= FITS)
