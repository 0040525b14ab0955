"""Median absolute error."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import VALUES, Metric, Statistic


class MedianAbsoluteError(Metric):
    """Weighted median of the absolute errors, in the target's units; outliers do not move it."""

    name = "median_absolute_error"
    tasks = VALUES
    higher_is_better = False

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        error = np.abs(prediction.astype(np.float64) - y)
        order = np.argsort(error, kind="stable")
        ordered = error[order]

        def median(weight: Array) -> float:
            below = np.cumsum(weight[order])
            if below[-1] <= 0:
                return float("nan")
            half = below[-1] / 2
            low = int(np.searchsorted(below, half, side="left"))
            high = int(np.searchsorted(below, half, side="right"))
            return float((ordered[low] + ordered[min(high, len(ordered) - 1)]) / 2)

        return median
