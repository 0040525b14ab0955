"""How finely a column is written: the yardstick of what "equal to the last digit" means."""

import numpy as np

from ninefold.columns import Array

DECIMALS = 9
"""More decimals than this are as good as never rounded."""


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
