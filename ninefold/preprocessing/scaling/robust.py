"""Median 0, interquartile range 1."""

from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.scaling import ScalerSpec

TINY_SHARE = 1e-12
"""An interquartile range smaller than this share of the range is rounding, not spread."""


class RobustSpec(ScalerSpec):
    """Median 0 and interquartile range 1; half the range serves where the latter is 0."""

    kind: Literal["robust"] = "robust"

    def offset_and_spread(self, values: Array) -> tuple[float, float]:
        """Return median and interquartile range."""
        low, middle, high = np.percentile(values, [25, 50, 75])
        spread = high - low
        extent = values.max() - values.min()
        if spread <= TINY_SHARE * extent:
            spread = extent / 2
        return float(middle), float(spread)
