"""Root mean squared error."""

import math

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import VALUES, Metric, Statistic, weighted_mean


class Rmse(Metric):
    """Root of the mean squared error, in the target's units."""

    name = "rmse"
    tasks = VALUES
    higher_is_better = False

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        error = prediction.astype(np.float64) - y
        scale = float(np.abs(error).max()) or 1.0
        mean = weighted_mean((error / scale) ** 2)
        return lambda weight: scale * math.sqrt(mean(weight))
