"""Mean and spread of numbers as large as doubles go."""

import numpy as np

from ninefold.columns import Array


def mean(values: Array) -> float:
    """Return the mean of `values` `(n,)` without overflow."""
    top = float(np.abs(values).max())
    return float((values / top).mean() * top) if top > 1e150 else float(values.mean())


def deviation(values: Array) -> float:
    """Return the standard deviation of `values` `(n,)` (divided by n) without overflow."""
    top = float(np.abs(values).max())
    return float((values / top).std() * top) if top > 1e150 else float(values.std())
