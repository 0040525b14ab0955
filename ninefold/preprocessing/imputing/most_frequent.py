"""The value that occurs most often."""

from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.imputing import ImputerSpec


class MostFrequentSpec(ImputerSpec):
    """Missing values become the most frequent value, the smallest of them if several are."""

    kind: Literal["most_frequent"] = "most_frequent"

    def fill(self, values: Array) -> float:
        """Return the most frequent value."""
        unique, counts = np.unique(values, return_counts=True)
        return float(unique[counts.argmax()])
