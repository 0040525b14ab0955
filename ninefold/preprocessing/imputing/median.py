"""The middle value."""

from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.imputing import ImputerSpec


class MedianSpec(ImputerSpec):
    """Missing values become the median."""

    kind: Literal["median"] = "median"

    def fill(self, values: Array) -> float:
        """Return the median."""
        return float(np.median(values))
