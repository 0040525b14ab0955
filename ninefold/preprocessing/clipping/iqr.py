"""Limits by the box plot's rule."""

from typing import Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.preprocessing.clipping import ClipperSpec


class IqrSpec(ClipperSpec):
    """Values farther than `factor` interquartile ranges from the box become its whiskers' ends.

    Where the box has no height, nothing is clipped.
    """

    kind: Literal["iqr"] = "iqr"
    factor: float = Field(default=1.5, gt=0)
    """Whiskers' length in interquartile ranges."""

    def bounds(self, values: Array) -> tuple[float, float]:
        """Return the whiskers' ends."""
        low, high = np.quantile(values, [0.25, 0.75])
        reach = self.factor * (high - low)
        return (float(low - reach), float(high + reach)) if high > low else (-np.inf, np.inf)
