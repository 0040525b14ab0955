"""Brier score."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, weighted_mean


class Brier(Metric):
    """Mean squared error of the probabilities: 0 to 1 for two classes, 0 to 2 for more."""

    name = "brier"
    tasks = CLASSES
    higher_is_better = False

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        if prediction.shape[1] == 2:
            return weighted_mean((prediction[:, 1].astype(np.float64) - y) ** 2)
        squares = (prediction.astype(np.float64) ** 2).sum(axis=1)
        given = prediction[np.arange(len(y)), y].astype(np.float64)
        return weighted_mean(squares - 2 * given + 1)
