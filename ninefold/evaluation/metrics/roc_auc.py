"""Area under the ROC curve."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import Statistic
from ninefold.evaluation.metrics._ranking import Order, Ranking, macro


class RocAuc(Ranking):
    """Area under the ROC curve: how often a positive row scores above a negative one."""

    name = "roc_auc"

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        return macro(y, prediction, _roc_auc)


def _roc_auc(is_positive: Array, score: Array) -> Statistic:
    order = Order(is_positive, score)

    def area(weight: Array) -> float:
        positives, negatives = order.cumulated(weight)
        if positives[-1] <= 0 or negatives[-1] <= 0:
            return float("nan")
        widths = np.diff(negatives, prepend=0.0)
        heights = positives - 0.5 * np.diff(positives, prepend=0.0)
        return float(widths @ heights / (positives[-1] * negatives[-1]))

    return area
