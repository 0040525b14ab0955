"""Balanced accuracy."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, confusion, labels


class BalancedAccuracy(Metric):
    """Mean recall over the classes that occur."""

    name = "balanced_accuracy"
    tasks = CLASSES
    higher_is_better = True

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        counts = confusion(y, labels(prediction, threshold), prediction.shape[1])

        def mean_recall(weight: Array) -> float:
            table = counts(weight)
            total = table.sum(axis=1)
            occurs = total > 0
            if not occurs.any():
                return float("nan")
            return float(np.mean(np.diag(table)[occurs] / total[occurs]))

        return mean_recall
