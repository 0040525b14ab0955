import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from ninefold.errors import ConfigError
from ninefold.evaluation.metrics import default_metric, metric, metrics_for, names, reported_metric
from ninefold.problem import ProblemSpec
from ninefold.target import Target

BINARY = Target("y", "classification", ("no", "yes"))
MANY = Target("y", "classification", ("a", "b", "c"))
VALUE = Target("y", "regression")


def label(p):
    return (p[:, 1] >= 0.5).astype(int)


ORACLE = {
    "roc_auc": lambda y, p, w: sk.roc_auc_score(y, p[:, 1], sample_weight=w),
    "average_precision": lambda y, p, w: sk.average_precision_score(y, p[:, 1], sample_weight=w),
    "log_loss": lambda y, p, w: sk.log_loss(y, p, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, p, w: sk.brier_score_loss(y, p[:, 1], sample_weight=w),
    "accuracy": lambda y, p, w: sk.accuracy_score(y, label(p), sample_weight=w),
    "balanced_accuracy": lambda y, p, w: sk.balanced_accuracy_score(y, label(p), sample_weight=w),
    "f1": lambda y, p, w: sk.f1_score(y, label(p), sample_weight=w, zero_division=0),
    "f1_macro": lambda y, p, w: sk.f1_score(
        y, label(p), sample_weight=w, average="macro", zero_division=0
    ),
    "precision": lambda y, p, w: sk.precision_score(y, label(p), sample_weight=w, zero_division=0),
    "recall": lambda y, p, w: sk.recall_score(y, label(p), sample_weight=w),
    "rmse": lambda y, p, w: sk.root_mean_squared_error(y, p, sample_weight=w),
    "mae": lambda y, p, w: sk.mean_absolute_error(y, p, sample_weight=w),
    "r2": lambda y, p, w: sk.r2_score(y, p, sample_weight=w),
    "median_absolute_error": lambda y, p, w: sk.median_absolute_error(y, p),
}


def sample(name, seed, rows=200, distinct=8):
    random = np.random.default_rng(seed)
    weight = random.integers(1, 4, rows).astype(float)
    if VALUE.task in metric(name).tasks:
        y = random.normal(size=rows)
        return y, y + random.normal(size=rows), weight
    y = random.integers(0, 2, rows)
    y[:2] = 0, 1
    positive = random.integers(0, distinct + 1, rows) / distinct
    return y, np.stack([1 - positive, positive], axis=1), weight


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("seed", range(4))
def test_metric_equals_scikit_learn(name, seed):
    y, prediction, weight = sample(name, seed)
    if name == "median_absolute_error":
        weight = np.ones(len(y))
    expected = ORACLE[name](y, prediction, weight)
    assert metric(name).compute(y, prediction, weight) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", names())
def test_weight_means_repeated_row(name):
    y, prediction, weight = sample(name, 7)
    again = np.repeat(np.arange(len(y)), weight.astype(int))
    repeated = metric(name).compute(y[again], prediction[again])
    assert metric(name).compute(y, prediction, weight) == pytest.approx(repeated, rel=1e-9)


@pytest.mark.parametrize("name", names())
def test_undefined_metric_is_nan_with_a_reason_not_a_crash(name):
    chosen = metric(name)
    is_value = VALUE.task in chosen.tasks
    empty = np.empty(0) if is_value else np.empty((0, 2))
    assert chosen.undefined(empty)
    assert math.isnan(chosen.compute(np.empty(0, dtype=np.int64), empty))
    y = np.zeros(5, dtype=float if is_value else np.int64)
    prediction = np.full(5, 0.3) if is_value else np.tile([0.3, 0.7], (5, 1))
    value = chosen.compute(y, prediction)
    assert math.isnan(value) == (chosen.undefined(y) is not None)


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "log_loss", "brier", "f1_macro"])
@given(seed=st.integers(0, 10**6), absent=st.booleans())
@settings(max_examples=15, deadline=None)
def test_many_classes_with_one_absent(name, seed, absent):
    random = np.random.default_rng(seed)
    y = random.integers(0, 2 if absent else 3, 40)
    y[:2] = 0, 1
    prediction = random.dirichlet([1, 1, 1], 40).astype(np.float32)
    value = metric(name).compute(y, prediction)
    assert math.isfinite(value)
    if name == "roc_auc":
        codes = np.unique(y)
        parts = [sk.roc_auc_score(y == code, prediction[:, code]) for code in codes]
        assert value == pytest.approx(np.mean(parts), rel=1e-6)


def test_threshold_moves_labels():
    y = np.array([0, 1, 1])
    prediction = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6]])
    assert metric("recall").compute(y, prediction) == 0.5
    assert metric("recall").compute(y, prediction, threshold=0.2) == 1.0


def test_defaults_and_what_fits():
    assert [default_metric(t).name for t in (BINARY, MANY, VALUE)] == [
        "roc_auc",
        "log_loss",
        "rmse",
    ]
    assert "f1" not in {m.name for m in metrics_for(MANY)}
    assert metrics_for(VALUE)[0].name == "rmse"


def test_unknown_or_unfit_metric_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean `roc_auc`"):
        metric("rocauc")
    problem = ProblemSpec(target="y", task="regression", metric="roc_auc")
    with pytest.raises(ConfigError, match=r"must fit regression .*rmse.*'roc_auc'"):
        reported_metric(problem, VALUE)
    many = ProblemSpec(target="y", task="classification", metric="f1")
    with pytest.raises(ConfigError, match="classification with 3 classes"):
        reported_metric(many, MANY)


def test_infinite_or_missing_predictions_have_no_metric():
    assert math.isnan(metric("rmse").compute(np.zeros(2), np.array([0.0, np.nan])))


def test_any_number_is_better_than_none():
    assert metric("rmse").is_better(1.0, float("nan"))
    assert not metric("rmse").is_better(float("nan"), 1.0)
    assert metric("rmse").is_better(1.0, 2.0)
    assert metric("r2").is_better(2.0, 1.0)


def test_best_is_chosen_by_the_metrics_direction():
    assert metric("rmse").best_of({"a": 1.0, "b": 2.0, "c": float("nan")}) == "a"
    assert metric("roc_auc").best_of({"b": 2.0, "a": 2.0}) == "a"
    assert metric("roc_auc").best_of({"a": float("nan")}) is None
