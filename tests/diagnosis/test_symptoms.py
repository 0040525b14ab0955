"""Every symptom is provoked by real training, and a healthy run has none."""

from dataclasses import replace

import numpy as np
import pytest

from ninefold.columns import Frame
from ninefold.diagnosis import Symptom, case_of, diagnose
from ninefold.diagnosis.case import Case, Scored
from ninefold.diagnosis.data_little import DataLittle
from ninefold.diagnosis.epochs_few import EpochsFew
from ninefold.diagnosis.learning_rate_high import LearningRateHigh
from ninefold.diagnosis.learning_rate_low import LearningRateLow
from ninefold.diagnosis.overfitting import Overfitting
from ninefold.diagnosis.plateau import Plateau
from ninefold.diagnosis.underfitting import Underfitting
from ninefold.diagnosis.units import Units
from ninefold.preprocessing import PreprocessSpec
from ninefold.registry import components
from ninefold.report.sections.diagnosis import picture
from ninefold.sampling import NoSamplingSpec
from ninefold.training import TrainSpec, fit
from tests.rounds import quick
from tests.training.samples import parts, problem

SMALL = {"kind": "mlp", "hidden_size": 32, "num_layers": 2, "ensemble_size": 2, "linear": False}
PLAIN = {**SMALL, "ensemble_size": 1, "embedding": "none"}
FEW = {"kind": "mlp", "hidden_size": 64, "num_layers": 2, "ensemble_size": 2}
PROVOKED = {
    "learning_rate.too_high": {"lr": 0.5},
    "learning_rate.too_low": {"lr": 2e-5},
    "epochs.too_few": {"epochs": 2},
    "fit.underfitting": {"network": {**PLAIN, "num_layers": 0}},
    "fit.overfitting": {
        "rows": 200,
        "epochs": 60,
        "lr": 0.01,
        "weight_decay": 0,
        "network": {**SMALL, "hidden_size": 256, "dropout": 0, "ensemble_size": 4},
    },
    "fit.plateau": {
        "schedule": {"kind": "constant"},
        "optimizer": {"kind": "sgd"},
        "lr": 0.5,
        "weight_decay": 0.02,
        "epochs": 40,
        "patience": 40,
    },
    "units.dead": {"network": {**PLAIN, "activation": "relu"}, "lr": 0.05, "epochs": 10},
    "units.saturated": {
        "network": {**PLAIN, "activation": "tanh"},
        "lr": 1e-4,
        "preprocess": {"columns": {"b": {"scale": "none", "clip": "none"}}},
        "spread": 3e4,
    },
    "inputs.unscaled": {
        "preprocess": {"number": {"scale": "none"}},
        "spread": 1e3,
        "epochs": 2,
    },
    "gradients.vanishing": {
        "network": {**PLAIN, "num_layers": 24, "hidden_size": 16, "activation": "tanh"},
        "lr": 1e-4,
        "epochs": 8,
    },
    "gradients.exploding": {
        "network": {**PLAIN, "num_layers": 1, "activation": "relu"},
        "preprocess": {"columns": {"b": {"scale": "none", "clip": "none"}}},
        "spread": 1e5,
        "lr": 1e-5,
        "epochs": 5,
    },
    "batch.too_small": {"batch_size": 2, "epochs": 3},
    "batch.too_large": {"batch_size": 4096, "epochs": 12},
    "data.no_signal": {"flip": 0.5, "rows": 800, "valid": 150, "epochs": 4},
    "data.too_little": {
        "kind": "regression",
        "rows": 100,
        "valid": 300,
        "epochs": 60,
        "network": FEW,
    },
    "data.label_noise": {"flip": 0.2, "rows": 2000},
    "target.heavy_tail": {"kind": "regression", "tail": 2.5, "epochs": 4},
}


def diagnosed(kind="binary", *, rows=1000, valid=600, flip=0.0, spread=1.0, tail=0.0, **fields):
    frames = [_changed(frame, flip, spread, tail) for frame in parts(kind, rows, valid)]
    preprocess = PreprocessSpec.model_validate(fields.pop("preprocess", {}))
    spec = TrainSpec.model_validate({"epochs": 20, "network": SMALL, **fields})
    model = fit(*frames, problem(kind), NoSamplingSpec(), preprocess, spec)
    return diagnose(case_of(model, *frames))


def _changed(frame: Frame, flip: float, spread: float, tail: float) -> Frame:
    data = {**frame.data, "b": frame["b"] * spread}
    if tail:
        data["y"] = np.exp(tail * np.random.default_rng(6).normal(size=len(frame)))
    if flip:
        wrong = np.random.default_rng(1).random(len(frame)) < flip
        clear = np.where(frame["b"] + 0.5 * frame["flag"] > 0, "yes", "no").astype(object)
        data["y"] = np.where(wrong, np.where(clear == "yes", "no", "yes"), clear).astype(object)
    return Frame(frame.columns, data, frame.row)


@pytest.mark.parametrize("kind", PROVOKED)
@pytest.mark.some(9)
def test_a_symptom_is_found_with_numbers_a_picture_and_what_to_do(kind):
    report = diagnosed(**PROVOKED[kind])
    found = {finding["kind"]: finding for finding in report["findings"]}
    assert kind in found
    finding = found[kind]
    assert all(isinstance(finding[key], str) and finding[key] for key in ("message", "remedy"))
    assert finding["evidence"]
    assert "<svg" in picture(finding["picture"])
    assert bool(finding["fix"]) == (kind not in ("data.too_little", "data.no_signal"))
    if "preprocess" in PROVOKED[kind]:
        assert finding["fix"][0]["path"] == ["preprocess", "columns", "b", "scale"]


def test_each_symptom_is_provoked_here():
    found = [s for s in components("ninefold.diagnosis", Symptom) if s.of_target]
    assert {kind for symptom in found for kind in symptom.kinds} == set(PROVOKED)


def test_rows_learnt_by_heart_after_an_early_best_epoch_are_overfitting():
    fields = {"flip": 0.3, "rows": 150, "valid": 200, "lr": 0.02, "weight_decay": 0, "patience": 60}
    network = {**PLAIN, "hidden_size": 128, "dropout": 0}
    report = diagnosed(**fields, epochs=60, network=network)
    (found,) = (f for f in report["findings"] if f["kind"] == "fit.overfitting")
    assert "was the best" in found["message"]


def test_a_rate_far_below_the_default_is_too_low_after_few_epochs():
    report = diagnosed(lr=1e-5, optimizer={"kind": "sgd", "momentum": 0.0}, epochs=8)
    kinds = [finding["kind"] for finding in report["findings"]]
    assert kinds == ["learning_rate.too_low", "epochs.too_few"]


@pytest.mark.parametrize("kind", quick("binary", of=["multiclass", "regression"]))
def test_a_healthy_run_has_no_finding(kind):
    report = diagnosed(
        kind, rows=3000, valid=800, network={**SMALL, "hidden_size": 64, "linear": True}, epochs=30
    )
    assert report["findings"] == []


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_ups_and_downs_of_few_rows_are_no_learning_rate_too_high(kind):
    report = diagnosed(kind, rows=60, valid=300, epochs=60, network=FEW)
    kinds = {finding["kind"] for finding in report["findings"]}
    assert not kinds & {"learning_rate.too_high", "learning_rate.too_low"}


def told(losses_on_train, losses_on_valid, *, best, untrained, rows=150, **fields):
    """Return the case of a history alone."""
    from ninefold.training.run import Epoch

    spec = TrainSpec.model_validate(fields)
    pairs = zip(losses_on_train, losses_on_valid, strict=True)
    history = [Epoch(n, a, b, 0.0, spec.lr, 1.0) for n, (a, b) in enumerate(pairs, 1)]
    facts = {"retries": 0, "train_rows": rows, "best_epoch": best}
    part = Scored(np.zeros((40, 0)), np.zeros(40), np.full((40, 1), 0.7))
    return Case(history, spec, facts, [{"loss": untrained}], part, part)


def test_a_rise_on_valid_is_overfitting_where_what_holds_against_it_was_loosened():
    on_train, on_valid = np.linspace(0.9, 0.3, 60), np.r_[np.linspace(0.9, 0.5, 30), [0.7] * 30]
    loose = {"weight_decay": 0, "network": {**PLAIN, "dropout": 0}, "patience": 1000}
    for fields, is_found in ((loose, True), ({}, False), ({"ema": 0.99, "patience": 50}, False)):
        case = told(on_train, on_valid, best=30, untrained=1.0, epochs=60, **fields)
        assert (Overfitting().look(case) is not None) == is_found


def test_few_epochs_at_a_rate_far_too_low_name_both():
    losses = [0.6999, 0.6996, 0.6993, 0.699]
    for rate, kinds in (
        (1e-5, ["learning_rate.too_low", "epochs.too_few"]), (0.002, ["epochs.too_few"]),
    ):  # fmt: skip
        case = told(losses, losses, best=4, untrained=0.7, epochs=4, lr=rate)
        case = replace(case, probes=[{"loss": 0.7}, {"loss": 0.699}])
        found = [symptom.look(case) for symptom in (LearningRateLow(), EpochsFew())]
        assert [finding.kind for finding in found if finding is not None] == kinds


def test_a_recurrent_network_that_says_what_is_usual_has_learnt_nothing():
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(300, 4)), rng.integers(0, 3, 300)
    spec = TrainSpec.model_validate({"network": {"kind": "rnn", "hidden_size": 1}})
    for sure, is_found in ((0.34, True), (0.8, False)):
        scores = np.log(np.where(np.eye(3)[y] > 0, sure, (1 - sure) / 2))
        train, valid = (Scored(X[p], y[p], scores[p]) for p in (slice(150), slice(150, 300)))
        found = Underfitting().look(Case([], spec, {"best_epoch": 1}, [], train, valid))
        assert (found is not None) == is_found
        if found:
            assert "learnt nothing" in found.message
            assert found.fix == ((("train", "network", "hidden_size"), 128),)


def test_units_that_a_price_of_large_weights_killed_name_it():
    for fields, key in (({"l2": 0.5}, "l2"), ({"weight_decay": 1.0}, "weight_decay"), ({}, "lr")):
        case = told([1.0], [1.0], best=1, untrained=1.0, **fields)
        probe = {"epoch": 4, "units": {"hidden.1": {"dead": 0.9}}}
        found = Units().look(replace(case, probes=[probe]))
        assert found is not None
        assert [path for path, _ in found.fix] == [("train", key)]


def test_ups_and_downs_at_the_usual_rate_are_small_against_what_was_to_be_learnt():
    falls = np.r_[np.linspace(0.6, 0.01, 20), [0.05] * 20]
    for rate, is_found in ((0.002, False), (0.02, True)):
        case = told(falls, falls, best=20, untrained=0.7, rows=3000, epochs=40, lr=rate)
        assert (LearningRateHigh().look(case) is not None) == is_found


def test_valid_rows_that_judge_nothing_are_too_little_data():
    rng = np.random.default_rng(2)
    y = rng.normal(size=300)
    scores = (y + 0.7 * rng.normal(size=300))[:, None]
    for count, is_found in ((12, True), (250, False)):
        part = Scored(np.zeros((count, 0)), y[:count], scores[:count])
        found = DataLittle().look(Case([], TrainSpec(), {"train_rows": 4 * count}, [], part, part))
        assert (found is not None) == is_found
        if found:
            assert found.evidence["standard_error"] > 0.08
            assert "ingest.sample_rows" in found.remedy


def test_a_rate_too_low_is_seen_past_metrics_that_stand_still_and_the_noise_of_batches():
    from ninefold.training.run import Epoch

    losses = 0.683 + 0.0004 * np.cos(3 * np.arange(20))
    losses[-1] = 0.679
    history = [Epoch(n, loss, 0.685 - 1e-4 * n, 0.0, 2e-6, 1.0) for n, loss in enumerate(losses, 1)]
    facts = {"retries": 0, "train_rows": 700, "best_epoch": 7}
    part = Scored(np.zeros((1, 0)), np.zeros(1), np.zeros((1, 1)))
    spec = TrainSpec.model_validate({"epochs": 20, "lr": 2e-6})
    case = Case(history, spec, facts, [{"loss": 0.694}, {"loss": 0.692}], part, part)
    found = LearningRateLow().look(case)
    assert case.is_cut_off
    assert found is not None
    assert "hardly moved" in found.message
    assert found.remedy.endswith(", or to auto.")
    found = LearningRateLow().look(replace(case, facts={**facts, "lr_finder": {"lr": 2e-5}}))
    assert found is not None
    assert "auto" not in found.remedy


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"lr": 0.3}, "learning_rate.too_high"),
        ({"lr": 1e-6}, "learning_rate.too_low"),
        ({"lr": 0.002, "ema": 0.99}, None),
        ({"lr": 0.002}, "fit.plateau"),
    ],
)
def test_a_noisy_loss_on_train_that_stays_where_it_is(fields, kind):
    from ninefold.training.run import Epoch

    start = 1.0 if kind != "fit.plateau" and "ema" not in fields else 2.0
    losses = 1.0 + 0.004 * np.cos(3 * np.arange(40))
    history = [
        Epoch(n, loss, 1.1 - 1e-4 * n, 0.0, fields["lr"], 1.0) for n, loss in enumerate(losses, 1)
    ]
    facts = {"retries": 0, "train_rows": 400, "best_epoch": 40}
    part = Scored(np.zeros((1, 0)), np.zeros(1), np.zeros((1, 1)))
    spec = TrainSpec.model_validate({"epochs": 40, **fields})
    case = Case(history, spec, facts, [{"loss": start}], part, part)
    symptoms = (LearningRateHigh(), LearningRateLow(), Plateau())
    found = [item.kind for symptom in symptoms if (item := symptom.look(case)) is not None]
    assert found == ([kind] if kind else [])


def test_sixty_valid_rows_are_enough_to_see_what_a_table_has_left_to_learn():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(360, 3)).astype(np.float32)
    for y, is_found in ((np.sin(2 * X[:, 0]) * 2 + X[:, 1], True), (rng.normal(size=360), False)):
        train, valid = (Scored(X[p], y[p], 0 * y[p, None]) for p in (slice(300), slice(300, 360)))
        case = Case([], TrainSpec(), {"best_epoch": 3}, [], train, valid)
        assert (Underfitting().look(case) is not None) == is_found


def test_much_dropout_is_named_where_a_table_has_few_rows():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(130, 3)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    half = np.log(np.full((130, 2), 0.5))
    for dropout, is_found in ((0.9, True), (0.1, False)):
        spec = TrainSpec.model_validate({"network": {**SMALL, "dropout": dropout}})
        train, valid = (Scored(X[p], y[p], half[p]) for p in (slice(100), slice(100, 130)))
        found = Underfitting().look(Case([], spec, {"best_epoch": 3}, [], train, valid))
        assert (found is not None) == is_found
        assert not is_found or found.fix == ((("train", "network", "dropout"), 0.1),)
