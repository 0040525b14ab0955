"""The target column as numbers, and how its classes are named and ordered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, Kind, class_names, is_missing
from ninefold.config import nearest
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec, Task
from ninefold.sequences import recipe

Cut = float | tuple[float, ...]
"""Probability from which a label is the positive class; of each target, where there are several."""


@dataclass(frozen=True)
class Target:
    """The target as a model sees it.

    For two classes, the positive one has code 1; more classes stand in sorted order.
    For regression, `offset` and `scale` standardise: model value = (y - offset) / scale.
    Several targets, all numbers or all of two classes, stand in `each`, and y is `(N, T)`.
    """

    name: str
    task: Task
    classes: tuple[str, ...] = ()
    offset: float = 0.0
    scale: float = 1.0
    low: float | None = None
    high: float | None = None
    each: tuple["Target", ...] = ()
    format: str | None = None
    """How text holds the values of a regression, for labels that come later."""

    @property
    def is_binary(self) -> bool:
        return len(self.classes) == 2

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the targets."""
        return tuple(one.name for one in self.each) or (self.name,)

    @property
    def is_labels(self) -> bool:
        """Tell whether there are several targets of two classes each."""
        return bool(self.each) and self.task == "classification"

    @property
    def positive(self) -> str | None:
        """The class whose probability is reported, for two classes."""
        return self.classes[1] if self.is_binary else None

    @property
    def outputs(self) -> int:
        """K: classes, 1 for regression, or T for several targets."""
        return len(self.each) or len(self.classes) or 1

    @staticmethod
    def fit(train: Frame, problem: ProblemSpec) -> "Target":
        """Learn classes (or location and spread) from the train rows.

        Raises:
            InputError: one class only, or values that do not fit the task.
        """
        if problem.also:
            return _fit_several(train, problem)
        kind, values = train.column(problem.target).kind, train[problem.target]
        values = values[~is_missing(kind, values)]
        if len(values) == 0:
            raise InputError(
                f"target `{problem.target}` must have values, however: all are missing"
            )
        if problem.task == "regression":
            found = _fit_regression(problem.target, kind, values)
            found = replace(found, format=train.column(problem.target).format)
            return _free(found) if _lies_ahead(train, problem.target) else found
        names, counts = np.unique(class_names(kind, values), return_counts=True)
        if len(names) < 2:
            raise InputError(
                f"target `{problem.target}` must have at least two classes in the train part, "
                f"however: only {names[0]!r} ({len(values)} rows)"
            )
        ordered = _ordered(names, kind)
        if len(names) == 2:
            positive = problem.positive or str(names[np.argmin(counts)])
            if positive not in ordered:
                raise ConfigError(
                    f"params.yaml: problem.positive must be a class of `{problem.target}`, "
                    f"however: {positive!r}{nearest(positive, ordered)}"
                )
            ordered.sort(key=lambda name: name == positive)
        elif problem.positive is not None:
            raise ConfigError(
                f"params.yaml: problem.positive goes with two classes, however: "
                f"`{problem.target}` has {len(names)}"
            )
        return Target(problem.target, "classification", tuple(ordered))

    def encode(self, frame: Frame) -> Array:
        """Return `(N,)`: int64 class codes, or float64 values in original units; `(N, T)` of
        several targets.

        Raises:
            InputError: a class that the train part does not have.
        """
        if self.each:
            return np.stack([one.encode(frame) for one in self.each], axis=1)
        kind, values = frame.column(self.name).kind, frame[self.name]
        if self.task == "regression":
            return np.asarray(values, dtype=np.float64)
        names = class_names(kind, values)
        codes = np.full(len(names), -1, dtype=np.int64)
        for code, name in enumerate(self.classes):
            codes[names == name] = code
        if (codes < 0).any():
            unseen = sorted(set(names[codes < 0].tolist()))
            raise InputError(
                f"target `{self.name}` has classes that no train row has: {unseen[:5]}. Split "
                "stratified, or merge rare classes with a `map` under featurize.derive"
            )
        return codes

    def standardised(self, y: Array) -> Array:
        """Return values `(N,)` or `(N, T)` as a model sees them."""
        if self.each:
            columns = zip(self.each, y.T, strict=True)
            return np.stack([one.standardised(values) for one, values in columns], axis=1)
        return np.asarray((y - self.offset) / self.scale)

    @property
    def unit(self) -> Any:
        """What a difference of predictions is divided by: the scale, `(T,)` of several values."""
        if self.task != "regression":
            return 1.0
        return np.array([one.scale for one in self.each]) if self.each else self.scale

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Target":
        each = tuple(Target.from_json(one) for one in content.get("each", ()))
        return Target(**{**content, "classes": tuple(content["classes"]), "each": each})


def _fit_several(train: Frame, problem: ProblemSpec) -> Target:
    """Fit each of several targets; the class that sorts last (1, true, yes) is the positive one.

    Raises:
        InputError: a target that is not numbers, or not of two classes.
    """
    each = tuple(Target.fit(train, problem.alone(name)) for name in problem.targets)
    if problem.task == "classification":
        for one in each:
            if not one.is_binary:
                raise InputError(
                    f"each of several targets must have two classes, however: `{one.name}` has "
                    f"{len(one.classes)}. Predict it alone, or set problem.task to regression"
                )
        kinds = [train.column(one.name).kind for one in each]
        each = tuple(
            replace(one, classes=tuple(_ordered(np.array(one.classes), kind)))
            for one, kind in zip(each, kinds, strict=True)
        )
    return Target(", ".join(problem.targets), problem.task, each=each)


def _ordered(names: Array, kind: Kind) -> list[str]:
    return sorted(names.tolist(), key=float) if kind == "number" else sorted(names.tolist())


def _lies_ahead(train: Frame, name: str) -> bool:
    """Tell whether a target is a later value of a series whose past is a column."""
    formats = (column.format for column in train.columns if column.kind == "sequence")
    return any(name in recipe(format).get("ahead", {}) for format in formats)


def _free(target: Target) -> Target:
    """Return a target that may go beyond what training saw, by as much as that covers."""
    assert target.low is not None
    assert target.high is not None
    span = target.high - target.low
    return replace(target, low=target.low - span, high=target.high + span)


def _fit_regression(name: str, kind: Kind, values: Array) -> Target:
    if kind not in ("number", "bool"):
        raise InputError(
            f"target `{name}` must be numbers for regression, however: it is a {kind} column. "
            "Set problem.task to classification, or choose another target"
        )
    y = values.astype(np.float64)
    if not np.isfinite(y).all():
        raise InputError(f"target `{name}` must be finite, however: it holds infinite values")
    if y.min() == y.max():
        raise InputError(f"target `{name}` must vary, however: every train row has {y[0]:g}")
    return Target(
        name, "regression", (), float(y.mean()), float(y.std()), float(y.min()), float(y.max())
    )
