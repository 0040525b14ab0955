"""How finely a column is written: the yardstick of what "equal to the last digit" means."""

import numpy as np

from ninefold.columns import Array

DECIMALS = 9
"""More decimals than this are as good as never rounded."""
MOST_PARTS, MOST_STEPS, OFF = 6, 1e6, 1e-3
"""Steps that the least gap of a scaled grid may have, all its steps, and how far off one, in steps,
rounding may put a number."""


def resolution(values: Array) -> float:
    """Return the step 10^-d of the grid on which all `values` `(N,)` lie.

    Numbers that were never rounded, or to more than nine decimals, give `1e-9` of their size.

    >>> resolution(np.array([0.5, 1.25, 3.0]))
    0.01
    """
    finite = values[np.isfinite(values)]
    size = float(np.abs(finite).max()) if len(finite) else 0.0
    finest = max(1e-9 * size, 10.0**-DECIMALS)
    for decimals in range(DECIMALS):
        step = 10.0**-decimals
        if step <= finest:
            break
        for part in (finite[:50], finite):
            on_grid = np.abs(part - np.round(part, decimals)) <= 1e-6 * step + 1e-15 * size
            if not on_grid.all():
                break
        else:
            return step
    return finest


def unscaled(values: Array) -> Array:
    """Return finite numbers `(N,)` that somebody scaled as the whole numbers of their grid; as they
    are where they lie on a grid of decimals, or on none.

    >>> unscaled(np.array([0.0, 1.0, 3.0]) / 7 - 2).tolist()
    [0.0, 1.0, 3.0]
    """
    levels = np.unique(values)
    size = float(np.abs(levels).max(initial=0.0))
    if len(levels) < 3 or resolution(levels) > max(1e-9 * size, 10.0**-DECIMALS):
        return values
    gap = float(np.diff(levels).min())
    for parts in range(1, MOST_PARTS + 1):
        step = gap / parts
        place = (levels - levels[0]) / step
        if place[-1] > MOST_STEPS:
            break
        if (np.abs(place - np.round(place)) <= OFF).all():
            return np.asarray(np.round((values - levels[0]) / step))
    return values
