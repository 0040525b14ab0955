"""Coefficient of determination."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import VALUES, Metric, Statistic, weighted_mean


class R2(Metric):
    """Share of the target's variance that the predictions explain; below 0: worse than the mean."""

    name = "r2"
    tasks = VALUES
    higher_is_better = True

    def undefined(self, y: Array) -> str | None:
        if len(y) == 0:
            return "there are no rows"
        return "every row has the same value" if (y == y[0]).all() else None

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        spread = float(np.abs(y - y.mean()).max())
        centred = (y - y.mean()) / spread
        error = weighted_mean(((prediction.astype(np.float64) - y) / spread) ** 2)
        first, second = weighted_mean(centred), weighted_mean(centred**2)

        def explained(weight: Array) -> float:
            variance = second(weight) - first(weight) ** 2
            return 1 - error(weight) / variance if variance > 1e-15 else float("nan")

        return explained
