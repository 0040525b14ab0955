"""Mean absolute error."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import VALUES, Metric, Statistic, weighted_mean


class Mae(Metric):
    """Mean absolute error, in the target's units."""

    name = "mae"
    tasks = VALUES
    higher_is_better = False

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        return weighted_mean(np.abs(prediction.astype(np.float64) - y))
