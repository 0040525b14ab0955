"""Area under the ROC curve."""

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
        widths, heights = negatives.copy(), 0.5 * positives
        widths[1:] -= negatives[:-1]
        heights[1:] = positives[1:] - 0.5 * (positives[1:] - positives[:-1])
        return float(widths @ heights / (positives[-1] * negatives[-1]))

    return area
