"""Columns that follow the target step by step, as exponential weights do."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import unit
from ninefold.leakage._formulas import MIN_PAIRS, PLACES
from ninefold.leakage._series import Series

EVEN = 0.5
"""Share of steps that are alike from which a column moves by itself."""


def smoothing(series: Series, x: Array, y: Array, seed: int) -> str | None:
    """Return how a column is smoothed over the present or the future, as in exponential weights.

    `x` moves by one fixed share of its distance to the target, in its own row or from later rows.
    """
    places = series.inner(1, PLACES, seed)
    if len(places) < MIN_PAIRS:
        return None
    around = series.around(x, places, np.arange(-1, 2))
    target = series.around(y, places, np.arange(-1, 2))
    if _moves(around[:, 1], around[:, 0], target[:, 0]):
        return None
    if _moves(around[:, 1], around[:, 0], target[:, 1]):
        return "smoothed over its past and its present"
    for at in (1, 2):
        if _moves(around[:, 1], around[:, 2], target[:, at]):
            return "smoothed over later rows"
    return None


def _moves(x: Array, other: Array, goal: Array) -> bool:
    kept = (
        np.isfinite(x) & np.isfinite(other) & np.isfinite(goal) & ((x != other) | (goal != other))
    )
    x, other, goal = x[kept], other[kept], goal[kept]
    step, distance = x - other, goal - other
    if len(x) < MIN_PAIRS or not (distance != 0).any() or np.std(x) == 0:
        return False
    rate = float(np.median(step[distance != 0] / distance[distance != 0]))
    rest = np.abs(step - rate * distance)
    allowed = max(1.5 * unit(x), 1e-6 * float(np.std(x)))
    small = allowed < 0.1 * np.std(step)
    # Equal steps, as in a plan, are any share of distances that hardly differ.
    is_even = (np.abs(step - np.median(step)) <= allowed).mean() >= EVEN
    return bool(small and not is_even and 0.02 < rate < 0.98 and (rest <= allowed).mean() >= 0.8)
