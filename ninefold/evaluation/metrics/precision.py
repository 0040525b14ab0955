"""Precision of the positive class."""

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, confusion, labels


class Precision(Metric):
    """Share of the rows labelled positive that are; 0 when none is labelled positive."""

    name = "precision"
    tasks = CLASSES
    higher_is_better = True
    binary_only = True

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        counts = confusion(y, labels(prediction, threshold), 2)

        def score(weight: Array) -> float:
            table = counts(weight)
            found = table[:, 1].sum()
            return float(table[1, 1] / found) if found > 0 else 0.0

        return score
