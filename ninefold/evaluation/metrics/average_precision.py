"""Average precision."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import Statistic
from ninefold.evaluation.metrics._ranking import Order, Ranking, macro


class AveragePrecision(Ranking):
    """Mean precision over the recalls, as scikit-learn defines it (no interpolation)."""

    name = "average_precision"

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        return macro(y, prediction, _average_precision)


def _average_precision(is_positive: Array, score: Array) -> Statistic:
    order = Order(is_positive, score)

    def area(weight: Array) -> float:
        positives, negatives = order.cumulated(weight)
        if positives[-1] <= 0:
            return float("nan")
        total = positives + negatives
        precision = positives / np.where(total > 0, total, 1.0)
        return float(np.diff(positives, prepend=0.0) @ precision / positives[-1])

    return area
