"""Fits every baseline on the train part and scores it on the valid part."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.baselines._several import fit_several
from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.columns import Array, Frame
from ninefold.evaluation.metrics import metrics_for, reported_metric
from ninefold.evaluation.part import known_rows
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.progress import progress
from ninefold.target import Target
from ninefold.training.calibration import fit_head

if TYPE_CHECKING:
    from ninefold.baselines import BaselinesSpec
    from ninefold.preprocessing import Preprocessing, PreprocessSpec
    from ninefold.sampling import Sampling


@dataclass(frozen=True)
class Prepared:
    """Rows a baseline is fitted on and rows it is scored on, preprocessed by the former.

    `X_new (n, F)`, `codes_new (n, C)`, `y_new (n,)` in original units, `(n, T)` of several targets.
    """

    preprocessing: "Preprocessing"
    rows: TrainRows
    X_new: Array
    codes_new: Array
    y_new: Array

    def fit(self, spec: BaselineSpec, seed: int) -> Fitted:
        """Fit one baseline, or one for each of several targets."""
        if self.rows.target.each:
            return fit_several(spec, self.rows, seed)
        return spec.fit(self.rows, seed)

    @property
    def target(self) -> Target:
        """The target as fitted on the rows."""
        return self.rows.target

    def scores_new(self, fitted: Fitted) -> Array:
        """Return the scores `(N, K)` of the rows to score."""
        return fitted.scores(self.X_new, self.codes_new)


@dataclass(frozen=True)
class Comparison:
    """Fitted baselines with their heads by name, what stands before them, the rows they were
    calibrated on, and `reports/baselines.json`.
    """

    prepared: Prepared
    valid: Frame
    fitted: dict[str, Fitted]
    heads: dict[str, Head]
    report: dict[str, Any]


def compare(
    train: Frame,
    valid: Frame,
    problem: ProblemSpec,
    sampling: "Sampling",
    preprocess: "PreprocessSpec",
    spec: "BaselinesSpec",
) -> Comparison:
    """Fit the baselines on all of train.

    Raises:
        InputError: the data cannot be learnt from.
        ConfigError: the metric does not fit the task.
    """
    target = Target.fit(train, problem)
    reported = reported_metric(problem, target)
    valid = known_rows(valid, Head(target), "valid")
    whole = prepare(train, valid, target, problem, sampling, preprocess, spec.seed)
    assert whole is not None
    del train  # of many rows it is as large as what was made of it
    fitted: dict[str, Fitted] = {}
    heads: dict[str, Head] = {}
    entries: list[dict[str, Any]] = []
    for model in progress(spec.models, "baselines, all train rows", unit="models"):
        name = model.kind
        fitted[name] = whole.fit(model, spec.seed)
        scores = whole.scores_new(fitted[name])
        head = fit_head(scores, whole.y_new, whole.target, reported, spec.calibrate, spec.threshold)
        heads[name], prediction = head, head.predict(scores)
        on_valid = {
            m.name: m.compute(whole.y_new, prediction, None, head.cut) for m in metrics_for(target)
        }
        entry: dict[str, Any] = {
            "name": name,
            "title": model.title,
            "valid": on_valid,
            "temperature": head.temperature,
            "threshold": head.cut,
        }
        entries.append(entry)
    values = {entry["name"]: entry["valid"][reported.name] for entry in entries}
    report = {
        "metric": reported.name,
        "higher_is_better": reported.higher_is_better,
        "best": reported.best_of(values) or entries[0]["name"],
        "baselines": entries,
    }
    return Comparison(whole, valid, fitted, heads, report)


def prepare(
    train: Frame,
    new: Frame,
    target: Target,
    problem: ProblemSpec,
    sampling: "Sampling",
    preprocess: "PreprocessSpec",
    seed: int,
) -> Prepared | None:
    """Fit the preprocessing on `train` and apply it to both; None if `train` has but one class.

    The location and scale of a regression target come from `train`; the classes from `target`.
    """
    from ninefold.preprocessing import fit as fit_preprocessing
    from ninefold.sampling import resample

    y = target.encode(train)
    if len(np.unique(y)) < 2 or len(new) == 0:
        return None
    if target.task == "regression":
        target = Target.fit(train, problem)
    fitted = fit_preprocessing(train, y, target, problem, preprocess)
    preprocessing = fitted.flattened(counted=True)
    index, weight = resample(y, sampling, seed)
    X, codes = preprocessing.transform(train)
    X_new, codes_new = preprocessing.transform(new)
    goal = y if target.task == "classification" else target.standardised(y)
    chosen = (X[index], codes[index], goal[index], weight.astype(np.float64))
    rows = TrainRows(*chosen, target, preprocessing.layout)
    return Prepared(preprocessing, rows, X_new, codes_new, target.encode(new))
