"""What metrics of the positive class of two share."""

from ninefold.columns import Array
from ninefold.evaluation.metrics import CLASSES, Metric


class Positive(Metric):
    """Has no value where no row is positive."""

    tasks = CLASSES
    higher_is_better = True
    binary_only = True

    def undefined(self, y: Array) -> str | None:
        return super().undefined(y) or (None if (y == 1).any() else "no row is positive")
