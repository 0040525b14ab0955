"""Recall of the positive class."""

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, confusion, labels


class Recall(Metric):
    """Share of the positive rows that are labelled positive."""

    name = "recall"
    tasks = CLASSES
    higher_is_better = True
    binary_only = True

    def undefined(self, y: Array) -> str | None:
        return super().undefined(y) or (None if (y == 1).any() else "no row is positive")

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        counts = confusion(y, labels(prediction, threshold), 2)

        def score(weight: Array) -> float:
            table = counts(weight)
            positives = table[1].sum()
            return float(table[1, 1] / positives) if positives > 0 else float("nan")

        return score
