"""What a model says of each step of a sequence, without the steps that are only filled up."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def labels_of(values: Array) -> list[list[str]]:
    """Return the labels of each row's steps, of `[N, T]` texts with "" where no step is."""
    return [row[: int(np.flatnonzero(row != "").max(initial=-1)) + 1].tolist() for row in values]


def numbers_of(row: Array) -> Array:
    """Return the steps `(t, K)` that are there, of one row's probabilities `(T, K)`."""
    return row[: int(np.flatnonzero(row.any(axis=1)).max(initial=-1)) + 1]
