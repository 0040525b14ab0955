"""Whether a sequence says enough to be known again."""

import numpy as np

from ninefold.columns import Array

LEAST_STEPS, LEAST_DISTINCT = 8, 0.5
"""Steps below which sequences meet by chance, and the share of steps that must differ."""


def is_varied(steps: Array) -> bool:
    """Tell whether steps `(T, C)` are many and varied enough not to meet others by chance."""
    if len(steps) < LEAST_STEPS:
        return False
    return len(np.unique(np.nan_to_num(steps), axis=0)) >= LEAST_DISTINCT * len(steps)
