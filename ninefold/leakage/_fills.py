"""Whether one value that stands again and again is the mean or the median of the others."""

from collections.abc import Callable

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution

Centre = Callable[[float, Array, int, bool], bool]
"""Judges a value, the others, how often their commonest occurs, and if the value stands out."""
SPIKE, CLEAR, LESS_CLEAR = 5, 2.0, 1.5
"""How often the filled-in value occurs at least, and how many times oftener than any other; the
last where several columns have one. Of 2,239 columns of honest tables one has such a median by
itself, oftener by 1.5 times than the next value."""
FEWEST, COARSE = 20, 0.1
"""Different other values that a median may halve, and most of the rows that hold one of them."""
EXACT, HALFWAY = 1e-6, 1e-9
"""Deviations by which hardly a value that stands out is the mean of the others by chance, and how
far rounding puts one halfway between two, in shares of it."""
AROUND = 5
"""Values on either side of a median that say how often a value occurs there."""


def is_centre(spike: float, rest: Array, second: int) -> bool:
    """Tell whether a value is the mean or the median of train rows, as far as they can say."""
    return _halves(spike, rest) or is_mean(spike, rest, second, True)


def is_mean(spike: float, rest: Array, second: int, is_clear: bool) -> bool:
    """Tell whether a value is the mean of the others, to the digit it is written in.

    A mean has more digits than what it averages; where it does not, only a clear spike counts, or
    one that is the mean to more digits than chance has.
    """
    own, scale = resolution(np.array([spike])), float(rest.std())
    if scale == 0 or own > 1e-2 * scale:
        return False
    near = max(0.5001 * own, 1e-7 * scale)
    if abs(spike - float(rest.mean())) > near:
        return False
    return is_clear or own < resolution(rest) / 5 or near <= EXACT * scale


def is_median(spike: float, rest: Array, second: int, is_clear: bool) -> bool:
    """Tell whether a value that stands out halves the others, and few others would.

    It is one of them or halfway between two, which takes one digit more. Among numbers of either
    sign 0 is none: nothing was gained, lost or moved.
    """
    if spike == 0 and rest.min() < 0 < rest.max():
        return False
    grid = resolution(rest)
    if grid > 1e-6 * rest.std() and resolution(np.array([spike])) < 0.09 * grid:
        return False
    if not is_clear or len(np.unique(rest)) < FEWEST or second + 1 > COARSE * len(rest):
        return False
    return _halves(spike, rest)


def _halves(spike: float, rest: Array) -> bool:
    """Tell whether a value halves the others, which may hold it themselves as often as the next.

    One written finer than these lies halfway between two: it is their very median, or not.
    """
    if resolution(np.array([spike])) < 0.9 * resolution(rest):
        return bool(np.isclose(np.median(rest), spike, rtol=HALFWAY, atol=0))
    values, counts = np.unique(rest, return_counts=True)
    at = int(np.searchsorted(values, spike))
    near = counts[max(at - AROUND, 0) : at + AROUND]
    allowed = np.ceil(near.mean() + 2 * near.std())
    return bool(abs(int((rest < spike).sum()) - int((rest > spike).sum())) <= allowed)
