"""Metrics of several targets: the mean over them, or all labels counted together.

Values are standardised by each target's spread on the train rows, so that no unit outweighs the
others: an rmse of 0.5 is half a standard deviation. Labels: the plain names are the mean over the
labels (macro); `…_micro` reads every label of every row as one yes-or-no question.
"""

from collections.abc import Sequence

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import Metric, Statistic
from ninefold.target import Cut, Target

MICRO = ("average_precision", "roc_auc")


def several(ones: Sequence[Metric], target: Target) -> tuple[Metric, ...]:
    """Return the metrics of a target with `each`, those of one of them being `ones`."""
    found: list[Metric] = [Mean(one, target) for one in ones]
    if target.is_labels:
        found += [Micro(one, target) for one in ones if one.name in MICRO]
    return tuple(found)


class _Several(Metric):
    """A metric made from the one of a single target."""

    def __init__(self, one: Metric, target: Target, ending: str = "") -> None:
        self.one, self.target = one, target
        self.name, self.tasks = one.name + ending, one.tasks  # type: ignore[misc]
        self.higher_is_better = one.higher_is_better  # type: ignore[misc]

    def fits(self, target: Target) -> bool:
        """Tell whether the metric is defined for this kind of target."""
        return bool(target.each) and target.task in self.tasks

    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        return self.prepare(y, prediction, threshold)


class Mean(_Several):
    """The mean over the targets; labels of which all rows are alike have no say."""

    def __init__(self, one: Metric, target: Target) -> None:
        super().__init__(one, target)
        if not (target.is_labels or one.higher_is_better):
            self.unit = "standard deviations"

    def undefined(self, y: Array) -> str | None:
        reasons = [self.one.undefined(column) for column in y.T]
        said = [reason for reason in reasons if reason is not None]
        is_gone = len(said) == len(reasons) if self.target.is_labels else bool(said)
        return said[0] if is_gone else None

    def prepare(self, y: Array, prediction: Array, threshold: Cut = 0.5) -> Statistic:
        """Return the metric as a function of the row weights; NaN where it is undefined."""
        if self.undefined(y) is not None:
            return lambda weight: float("nan")
        parts = [
            self.one.prepare(column, given, cut)
            for column, given, cut in _columns(y, prediction, threshold, self.target)
            if self.one.undefined(column) is None
        ]

        def mean(weight: Array) -> float:
            values = np.array([part(weight) for part in parts])
            if self.target.is_labels:
                values = values[~np.isnan(values)]
            return float(values.mean()) if len(values) else float("nan")

        return mean


class Micro(_Several):
    """Every label of every row as one question."""

    def __init__(self, one: Metric, target: Target) -> None:
        super().__init__(one, target, "_micro")

    def undefined(self, y: Array) -> str | None:
        return self.one.undefined(y.ravel())

    def prepare(self, y: Array, prediction: Array, threshold: Cut = 0.5) -> Statistic:
        """Return the metric as a function of the row weights; NaN where it is undefined."""
        pooled = self.one.prepare(y.ravel(), two_sided(prediction.ravel()))
        labels = y.shape[1]
        return lambda weight: pooled(np.repeat(weight, labels))


def two_sided(chance: Array) -> Array:
    """Return probabilities `(n, 2)` of both classes from those of the positive one `(n,)`."""
    return np.stack([1 - chance, chance], axis=1)


def _columns(
    y: Array, prediction: Array, threshold: Cut, target: Target
) -> list[tuple[Array, Array, float]]:
    """Return each target's y, prediction and threshold, as the metric of one takes them."""
    cuts = threshold if isinstance(threshold, tuple) else (threshold,) * len(target.each)
    if target.is_labels:
        given = [two_sided(column) for column in prediction.T]
        return list(zip(y.T, given, cuts, strict=True))
    y, prediction = target.standardised(y), target.standardised(prediction)
    return list(zip(y.T, prediction.T, cuts, strict=True))
