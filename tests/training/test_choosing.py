"""Which epoch is kept, by what it is chosen, and how long training waits for a better one."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.evaluation.metrics import metric
from ninefold.networks.mlp import MLPSpec
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec, OverSamplingSpec
from ninefold.training import TrainSpec, fit
from ninefold.training.defaults import of_table
from tests.training.samples import parts, problem
from tests.training.small import SMALL, trained


def test_early_stopping_restores_the_best_epoch():
    fields = {"problem_fields": {"metric": "brier"}, "epochs": 60, "patience": 3, "lr": 0.01}
    model = trained("binary", rows=150, calibrate=False, **fields)
    values = [epoch.metric for epoch in model.history]
    best = int(np.argmin(values))
    assert len(values) == best + 1 + 3
    assert model.facts["best_epoch"] == best + 1
    _, valid = parts("binary", 150)
    judge = metric("brier")
    y = model.head.target.encode(valid)
    assert judge.compute(y, model.predict(valid)) == pytest.approx(values[best], abs=1e-9)


def products(rows: int, seed: int) -> Frame:
    """Return a frame whose `y` is a sum of products: no column tells anything alone."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows, 6))
    y = (X[:, ::2] * X[:, 1::2]).sum(axis=1) + 0.5 * random.normal(size=rows)
    inputs = [Column(f"x{i}", "number", frozenset({"input"})) for i in range(6)]
    data = {f"x{i}": X[:, i] for i in range(6)}
    columns = (*inputs, Column("y", "number", frozenset({"target"})))
    return Frame(columns, {**data, "y": y}, np.arange(rows))


def test_few_rows_are_given_the_steps_that_products_of_columns_take():
    frame = products(700, seed=1)
    train, valid, new = (frame.take(np.arange(*e)) for e in ((0, 300), (300, 400), (400, 700)))
    network = MLPSpec(hidden_size=32, num_layers=1, ensemble_size=2)
    settings = (problem("regression"), NoSamplingSpec(), PreprocessSpec())

    def share_left(**fields):
        model = fit(train, valid, *settings, TrainSpec(network=network, epochs=40, **fields))
        return np.std(model.predict(new) - new["y"]) / np.std(new["y"])

    assert share_left() < 0.6
    assert share_left(patience=10) > 0.9


@pytest.mark.parametrize(
    ("rows", "fields", "expected"),
    [
        (300, {}, 23),
        (300, {"ema": None}, 23),
        (1_000, {}, 10),
        (1_000, {"ema": None}, 16),
        (1_000, {"batch_size": 500}, 100),
        (20, {}, 200),
        (20_000, {}, 5),
        (300, {"optimizer": {"kind": "lbfgs"}}, None),
        (300, {"patience": 3}, None),
    ],
)
def test_default_patience_of_a_table_is_of_steps(rows, fields, expected):
    spec = TrainSpec.model_validate(fields)
    assert of_table(spec, rows).get("patience") == expected


@pytest.mark.parametrize(
    ("valid_rows", "sampling", "watched"),
    [
        (150, NoSamplingSpec(), "loss"),
        (1000, NoSamplingSpec(), "roc_auc"),
        (150, OverSamplingSpec(), "roc_auc"),
    ],
)
def test_the_loss_chooses_where_few_rows_make_an_order_noisy(valid_rows, sampling, watched):
    train, valid = parts("binary", 150, valid_rows)
    spec = TrainSpec(network=SMALL, epochs=12, patience=12, lr=0.01)
    model = fit(train, valid, problem("binary"), sampling, PreprocessSpec(), spec)
    assert model.facts["watched"] == watched
    goals = [-e.valid_loss if watched == "loss" else e.metric for e in model.history]
    assert model.facts["best_epoch"] == 1 + int(np.argmax(goals))


def test_reported_metric_decides_what_is_watched():
    model = trained("multiclass", problem_fields={"metric": "accuracy"}, epochs=3)
    assert model.facts["metric"] == "accuracy"
    assert model.spec.objective.label_smoothing == 0.1
    assert all(0 <= epoch.metric <= 1 for epoch in model.history)


def test_loss_is_watched_where_the_metric_is_undefined():
    train, valid = parts("binary")
    only_yes = valid.take(valid["y"] == "yes")
    model = fit(
        train,
        only_yes,
        problem("binary"),
        NoSamplingSpec(),
        PreprocessSpec(),
        TrainSpec(network=SMALL, epochs=3),
    )
    assert np.isnan(model.history[0].metric)
    assert model.facts["best_epoch"] >= 1
    assert model.head.temperature == 1.0


def test_valid_rows_of_a_class_not_in_train_are_left_out():
    train, valid = parts("multiclass")
    train = train.take(train["y"] != "'never'")
    model = fit(
        train,
        valid,
        problem("multiclass"),
        NoSamplingSpec(),
        PreprocessSpec(),
        TrainSpec(network=SMALL, epochs=1),
    )
    assert model.facts["valid_rows"] == (valid["y"] != "'never'").sum()
