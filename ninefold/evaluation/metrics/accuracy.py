"""Accuracy."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, labels, weighted_mean


class Accuracy(Metric):
    """Share of rows whose label is right."""

    name = "accuracy"
    tasks = CLASSES
    higher_is_better = True

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        return weighted_mean((labels(prediction, threshold) == y).astype(np.float64))
