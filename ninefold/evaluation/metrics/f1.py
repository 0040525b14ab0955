"""F1 of the positive class."""

from ninefold.columns import Array
from ninefold.evaluation.metrics import Statistic, confusion, labels
from ninefold.evaluation.metrics._positive import Positive


class F1(Positive):
    """Harmonic mean of precision and recall of the positive class; 0 when none is predicted."""

    name = "f1"

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        counts = confusion(y, labels(prediction, threshold), 2)

        def score(weight: Array) -> float:
            (_, false_positive), (false_negative, true_positive) = counts(weight)
            whole = 2 * true_positive + false_positive + false_negative
            return float(2 * true_positive / whole) if whole > 0 else float("nan")

        return score
