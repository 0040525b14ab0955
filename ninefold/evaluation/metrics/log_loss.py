"""Log loss."""

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric, Statistic, weighted_mean


class LogLoss(Metric):
    """Mean negative log of the probability given to the true class, in nats.

    Probabilities are clipped at their type's epsilon, as scikit-learn does.
    """

    name = "log_loss"
    tasks = CLASSES
    higher_is_better = False

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        epsilon = float(np.finfo(prediction.dtype).eps)
        given = prediction[np.arange(len(y)), y].astype(np.float64)
        return weighted_mean(-np.log(np.clip(given, epsilon, 1 - epsilon)))
