"""Recall of the positive class."""

from ninefold.columns import Array
from ninefold.evaluation.metrics import Statistic, confusion, labels
from ninefold.evaluation.metrics._positive import Positive


class Recall(Positive):
    """Share of the positive rows that are labelled positive."""

    name = "recall"

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        counts = confusion(y, labels(prediction, threshold), 2)

        def score(weight: Array) -> float:
            table = counts(weight)
            positives = table[1].sum()
            return float(table[1, 1] / positives) if positives > 0 else float("nan")

        return score
