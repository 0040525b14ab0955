"""F1, mean over the classes."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, confusion, labels, ratio


class F1Macro(Metric):
    """Mean F1 over the classes that occur or are predicted, each counting the same."""

    name = "f1_macro"
    tasks = CLASSES
    higher_is_better = True

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        counts = confusion(y, labels(prediction, threshold), prediction.shape[1])

        def mean_f1(weight: Array) -> float:
            table = counts(weight)
            whole = table.sum(axis=0) + table.sum(axis=1)
            occurs = whole > 0
            if not occurs.any():
                return float("nan")
            return float(np.mean(ratio(2 * np.diag(table), whole)[occurs]))

        return mean_f1
