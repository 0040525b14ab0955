"""Runs: how many rows on end have the same value."""

import numpy as np

from ninefold.columns import Array


def run_lengths(values: Array) -> Array:
    """Return how many of the values `(N,)` on end are equal, run by run, as int64 `(R,)`."""
    if not len(values):
        return np.empty(0, np.int64)
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1], [True])))
    return np.diff(starts)
