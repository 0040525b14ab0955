"""Metrics, one file each; add a file and it is reported, bootstrapped and can be chosen.

Everywhere `y` is `(N,)`: int64 class codes, or float64 values; `prediction` is `(N, K)` class
probabilities (column 1 = positive class when K is 2), or `(N,)` values. `weight` is `(N,)`, >= 0.
Of several targets both are `(N, T)`, `prediction` holding values or probabilities of the positive
classes; a metric is then the mean over the targets (`_several`).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.config import nearest
from ninefold.errors import ConfigError
from ninefold.problem import ProblemSpec, Task
from ninefold.registry import components
from ninefold.target import Cut, Target

PACKAGE = "ninefold.evaluation.metrics"
CLASSES: tuple[Task, ...] = ("classification",)
VALUES: tuple[Task, ...] = ("regression",)
Statistic = Callable[[Array], float]
"""Weights `(N,)` -> the metric's value; NaN where it is undefined."""


class Metric(ABC):
    """One number that says how well predictions fit."""

    name: ClassVar[str]
    tasks: ClassVar[tuple[Task, ...]]
    higher_is_better: ClassVar[bool]
    binary_only: ClassVar[bool] = False
    unit: str = ""
    """What its values are counted in, if it is not the target's own unit or none at all."""
    is_of_order: ClassVar[bool] = False
    """Whether it reads the order of the scores alone: noisy on few rows, blind to confidence."""

    @abstractmethod
    def statistic(self, y: Array, prediction: Array, threshold: float) -> Statistic:
        """Do what does not depend on weights (sorting, residuals) once and return the rest.

        This is what makes 1,000 bootstrap replicates cheap. `y` is never empty.
        """

    def undefined(self, y: Array) -> str | None:
        """Say why the metric has no value for these targets, or return None."""
        return None if len(y) else "there are no rows"

    def prepare(self, y: Array, prediction: Array, threshold: Cut = 0.5) -> Statistic:
        """Return the metric as a function of the row weights; NaN where it is undefined."""
        assert isinstance(threshold, (int, float))
        if self.undefined(y) is not None or not np.isfinite(prediction).all():
            return lambda weight: float("nan")
        return self.statistic(y, prediction, threshold)

    def compute(
        self,
        y: Array,
        prediction: Array,
        weight: Array | None = None,
        threshold: Cut = 0.5,
    ) -> float:
        """Return the metric, NaN where it is undefined (see `undefined`).

        Args:
            y: class codes or values `(N,)`.
            prediction: probabilities `(N, K)` or values `(N,)`.
            weight: `(N,)`; None counts every row once.
            threshold: probability from which two-class labels are positive.
        """
        ones = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        return self.prepare(y, prediction, threshold)(ones)

    def fits(self, target: Target) -> bool:
        """Tell whether the metric is defined for this kind of target."""
        return target.task in self.tasks and (target.is_binary or not self.binary_only)

    def is_better(self, a: float, b: float) -> bool:
        """Tell whether value `a` is better than value `b`; any number is better than NaN."""
        if a != a or b != b:
            return a == a and b != b
        return a > b if self.higher_is_better else a < b

    def best_of(self, values: Mapping[str, float]) -> str | None:
        """Return the name with the best value, ties going by name; None where all are NaN."""
        best: str | None = None
        for name in sorted(values):
            if values[name] == values[name] and (
                best is None or self.is_better(values[name], values[best])
            ):
                best = name
        return best


@cache
def _all() -> dict[str, Metric]:
    found = components(PACKAGE, Metric)
    return {kind.name: kind() for kind in found}


def names() -> tuple[str, ...]:
    """Return the names of all metrics, sorted."""
    return tuple(sorted(_all()))


def metric(name: str) -> Metric:
    """Return the metric called `name`. Raises `ConfigError` with the nearest name."""
    if name not in _all():
        raise ConfigError(
            f"params.yaml: problem.metric must be a metric's name, however: {name!r}"
            f"{nearest(name, names())}"
        )
    return _all()[name]


def default_metric(target: Target) -> Metric:
    """Return roc_auc for two classes, log_loss for more, rmse for regression."""
    if target.each:
        return metrics_for(target)[0]
    if target.task == "regression":
        return metric("rmse")
    return metric("roc_auc" if target.is_binary else "log_loss")


def reported_metric(problem: ProblemSpec, target: Target) -> Metric:
    """Return `problem.metric` or the default. Raises `ConfigError` if it does not fit the task."""
    if problem.metric is None:
        return default_metric(target)
    if target.each:
        return _named(problem.metric, metrics_for(target))
    chosen = metric(problem.metric)
    if not chosen.fits(target):
        fitting = ", ".join(m.name for m in metrics_for(target))
        subject = (
            "regression"
            if target.task == "regression"
            else f"classification with {len(target.classes)} classes"
        )
        raise ConfigError(
            f"params.yaml: problem.metric must fit {subject} (one of {fitting}), "
            f"however: {chosen.name!r}"
        )
    return chosen


def _named(name: str, fitting: Sequence[Metric]) -> Metric:
    for one in fitting:
        if one.name == name:
            return one
    listed = [one.name for one in fitting]
    raise ConfigError(
        f"params.yaml: problem.metric must fit several targets (one of {', '.join(listed)}), "
        f"however: {name!r}{nearest(name, listed)}"
    )


def metrics_for(target: Target) -> tuple[Metric, ...]:
    """Return every metric that fits the target, the default one first, then by name."""
    if target.each:
        from ninefold.evaluation.metrics._several import several

        return several(metrics_for(target.each[0]), target)
    first = default_metric(target)
    others = [m for _, m in sorted(_all().items()) if m.fits(target) and m is not first]
    return (first, *others)


def labels(prediction: Array, threshold: float) -> Array:
    """Return class codes `(N,)`; two classes: 1 from `threshold` on; more: the likeliest."""
    if prediction.shape[1] == 2:
        is_positive = prediction[:, 1] >= prediction.dtype.type(threshold)
        return np.asarray(is_positive, dtype=np.int64)
    return np.asarray(prediction.argmax(axis=1), dtype=np.int64)


def weighted_mean(values: Array) -> Statistic:
    """Return the statistic "mean of `values` `(N,)`"."""

    def mean(weight: Array) -> float:
        total = weight.sum()
        return float(weight @ values / total) if total > 0 else float("nan")

    return mean


def confusion(y: Array, predicted: Array, classes: int) -> Callable[[Array], Array]:
    """Return weights -> counts `(K, K)`; rows are the true classes, columns the predicted."""
    cell = y * classes + predicted

    def counts(weight: Array) -> Array:
        flat = np.bincount(cell, weights=weight, minlength=classes * classes)
        return flat.reshape(classes, classes)

    return counts


def ratio(numerator: Array, denominator: Array) -> Array:
    """Divide elementwise; 0 / 0 is 0, as precision, recall and F1 have it."""
    safe = np.where(denominator > 0, denominator, 1.0)
    return np.where(denominator > 0, numerator / safe, 0.0)
