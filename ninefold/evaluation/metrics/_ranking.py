"""What metrics of the order of the scores share."""

from collections.abc import Callable

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic

OneVersusRest = Callable[[Array, Array], Statistic]


class Ranking(Metric):
    """Two classes: the positive one against the other; more: mean over the classes present."""

    tasks = CLASSES
    higher_is_better = True
    is_of_order = True

    def undefined(self, y: Array) -> str | None:
        if len(y) == 0:
            return "there are no rows"
        return "every row has the same class" if (y == y[0]).all() else None


def macro(y: Array, prediction: Array, one: OneVersusRest) -> Statistic:
    """Return the mean of `one` over the classes in `y`, or `one` of the positive class."""
    if prediction.shape[1] == 2:
        return one(y == 1, prediction[:, 1])
    parts = [one(y == code, prediction[:, code]) for code in np.unique(y)]

    def mean(weight: Array) -> float:
        values = np.asarray([part(weight) for part in parts])
        defined = values[~np.isnan(values)]
        return float(defined.mean()) if len(defined) else float("nan")

    return mean


class Order:
    """Rows sorted by descending score, with the last row of every run of equal scores."""

    def __init__(self, is_positive: Array, score: Array) -> None:
        order = np.argsort(-score, kind="stable")
        self.order = order
        self.is_positive = is_positive[order].astype(np.float64)
        self.last = np.flatnonzero(np.diff(score[order], append=np.nan) != 0)

    def cumulated(self, weight: Array) -> tuple[Array, Array]:
        """Return weight of positives and of negatives `(U,)` at or above each distinct score."""
        sorted_weight = weight[self.order]
        everything = np.cumsum(sorted_weight)[self.last]
        positives = np.cumsum(sorted_weight * self.is_positive)[self.last]
        return positives, everything - positives
