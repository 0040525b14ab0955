import hashlib
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from ninefold.baselines.base import TrainRows
from ninefold.baselines.dummy import DummySpec
from ninefold.columns import Column, Frame
from ninefold.errors import ConfigError, InputError
from ninefold.evaluation.metrics import default_metric
from ninefold.head import Head
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import ClassWeightsSpec, NoSamplingSpec, OverSamplingSpec
from ninefold.training import TrainedModel, TrainSpec, fit
from tests.training.samples import parts, problem
from tests.training.small import SMALL, trained

KINDS = ("binary", "multiclass", "regression")


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", KINDS)
def test_network_beats_the_dummy_on_rows_it_has_not_seen(kind):
    model = trained(kind)
    target, (_, valid) = model.head.target, parts(kind)
    X, codes = model.preprocessing.transform(parts(kind)[0])
    y = target.encode(parts(kind)[0])
    goal = (y - target.offset) / target.scale if kind == "regression" else y
    layout = model.preprocessing.layout
    dummy = DummySpec().fit(TrainRows(X, codes, goal, np.ones(len(y)), target, layout), 0)
    judge = default_metric(target)
    ours = judge.compute(target.encode(valid), model.predict(valid))
    theirs = judge.compute(
        target.encode(valid), Head(target).predict(dummy.scores(X[:300], codes[:300]))
    )
    assert judge.is_better(ours, theirs)
    assert ours == pytest.approx(model.facts["valid"][judge.name], rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_same_inputs_give_the_same_bytes_and_load_gives_the_same_numbers(kind, tmp_path):
    model = trained(kind, epochs=3)
    model.save(tmp_path / "a")
    trained(kind, epochs=3).save(tmp_path / "elsewhere" / "b")
    assert digest(tmp_path / "a") == digest(tmp_path / "elsewhere" / "b")
    loaded = TrainedModel.load(tmp_path / "a")
    _, valid = parts(kind)
    np.testing.assert_array_equal(loaded.scores(valid), model.scores(valid))
    np.testing.assert_array_equal(loaded.predict(valid), model.predict(valid))
    assert len(loaded.history) == len(model.history)
    loaded.save(tmp_path / "again")
    assert digest(tmp_path / "again") == digest(tmp_path / "a")


def test_bytes_do_not_depend_on_torch_state_left_by_others(tmp_path):
    trained("binary", epochs=2).save(tmp_path / "a")
    torch.manual_seed(7)
    state = torch.get_rng_state()
    trained("binary", epochs=2).save(tmp_path / "b")
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert torch.equal(state, torch.get_rng_state())


def test_training_works_in_a_thread(tmp_path):
    errors = []

    def work():
        try:
            trained("binary", epochs=1)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not errors


def test_another_seed_gives_other_weights(tmp_path):
    scores = [trained("binary", epochs=1, seed=seed).scores(parts("binary")[1]) for seed in (0, 1)]
    assert not np.array_equal(*scores)


@pytest.mark.parametrize(("is_moved", "off"), [(False, 0.1), (True, 0.02)])
def test_a_quantile_is_what_that_share_of_rows_stays_below(is_moved, off):
    fields = {"epochs": 30, "lr": 0.005, "calibrate": is_moved}
    shares = []
    for quantile in (0.1, 0.9):
        loss = {"kind": "quantile", "quantile": quantile}
        model = trained("regression", objective=loss, **fields)
        _, valid = parts("regression")
        shares.append(float((valid["y"] < model.predict(valid)).mean()))
        losses = [epoch.valid_loss for epoch in model.history]
        assert model.facts["best_epoch"] == 1 + int(np.argmin(losses))
        assert len(model.head.shifts) == is_moved
    assert shares == pytest.approx([0.1, 0.9], abs=off)


@pytest.mark.parametrize("fields", [{}, {"optimizer": {"kind": "sgd"}}, {"batch_size": 400}])
def test_the_range_test_finds_a_learning_rate_that_trains(fields):
    model = trained("binary", lr="auto", **fields)
    curve = model.facts["lr_finder"]
    assert curve["lr"] == model.spec.lr
    assert 3e-4 < model.spec.lr < 0.3
    assert min(curve["losses"]) < curve["losses"][0]
    assert curve["rates"] == sorted(curve["rates"])
    assert model.facts["valid"]["roc_auc"] > 0.65


def test_the_range_test_leaves_no_trace():
    found = trained("binary", lr="auto", epochs=2)
    again = trained("binary", lr="auto", epochs=2)
    _, valid = parts("binary")
    np.testing.assert_array_equal(found.scores(valid), again.scores(valid))
    assert trained("binary", epochs=1).facts["lr_finder"] is None


def test_history_has_one_line_per_epoch(tmp_path):
    trained("regression", epochs=2).save(tmp_path / "m")
    lines = (tmp_path / "m" / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,train_loss,valid_loss,metric,lr,grad_norm"
    assert [line.split(",")[0] for line in lines[1:]] == ["1", "2"]


def test_diverging_training_says_what_to_do():
    train, valid = parts("regression", 100, 50)
    huge = {**train.data, "b": train["b"] * 1e30}
    with pytest.raises(InputError, match=r"train\.lr must let loss and gradient stay finite"):
        fit(
            Frame(train.columns, huge, train.row),
            valid,
            problem("regression"),
            NoSamplingSpec(),
            PreprocessSpec.model_validate({"columns": {"b": {"scale": "none", "clip": "none"}}}),
            TrainSpec(network=SMALL, epochs=8),
        )


@pytest.mark.parametrize("sampling", [ClassWeightsSpec(), OverSamplingSpec()])
def test_sampling_lifts_the_rare_class(sampling):
    plain, balanced = (
        trained("binary", sampling=s, epochs=3, calibrate=False) for s in (None, sampling)
    )
    _, valid = parts("binary")
    assert balanced.predict(valid)[:, 1].mean() > plain.predict(valid)[:, 1].mean() + 0.1


def test_tuned_threshold_is_stored_and_helps_the_metric():
    fields = {"problem_fields": {"metric": "f1"}, "epochs": 3}
    half, tuned = trained("binary", **fields), trained("binary", threshold="tuned", **fields)
    assert tuned.head.threshold != 0.5
    assert tuned.facts["valid"]["f1"] >= half.facts["valid"]["f1"]


@pytest.mark.parametrize("batch_size", [1, 7, 10_000])
def test_any_batch_size_trains(batch_size):
    model = trained("binary", rows=40, epochs=1, batch_size=batch_size)
    assert np.isfinite(model.history[0].train_loss)


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": {"kind": "muon"}, "schedule": {"kind": "one_cycle"}},
        {"optimizer": {"kind": "lbfgs"}, "schedule": {"kind": "constant"}, "l1": 1e-4},
        {"optimizer": {"kind": "sgd", "nesterov": True}, "schedule": {"kind": "plateau"}},
        {"optimizer": {"kind": "lion"}, "lr": 0.003, "ema": 0.9, "l2": 1e-3},
    ],
    ids=str,
)
def test_other_optimizers_and_schedules_learn_save_and_load(fields, tmp_path):
    model = trained("binary", epochs=8, **fields)
    assert model.facts["valid"]["roc_auc"] > 0.62
    model.save(tmp_path / "m")
    assert TrainedModel.load(tmp_path / "m").spec == model.spec


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_normalization_trains_and_loads(normalization, tmp_path):
    network = {"kind": "mlp", "hidden_size": 16, "normalization": normalization}
    model = trained("binary", epochs=2, network=network)
    model.save(tmp_path / "m")
    _, valid = parts("binary")
    loaded = TrainedModel.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.scores(valid), model.scores(valid))


def test_codes_alone_are_enough():
    train, valid = (part.select(["cité", "y"]) for part in parts("binary"))
    model = fit(
        train,
        valid,
        problem("binary"),
        NoSamplingSpec(),
        PreprocessSpec(),
        TrainSpec(network=SMALL, epochs=2),
    )
    assert model.preprocessing.layout.features == ()
    assert np.isfinite(model.scores(valid)).all()


class TestMistakes:
    def test_empty_valid_part(self):
        train, valid = parts("binary")
        with pytest.raises(InputError, match="valid part must hold rows"):
            fit(
                train,
                valid.take(np.array([], dtype=int)),
                problem("binary"),
                NoSamplingSpec(),
                PreprocessSpec(),
                TrainSpec(),
            )

    def test_metric_of_the_other_task(self):
        with pytest.raises(ConfigError, match=r"problem\.metric"):
            trained("binary", problem_fields={"metric": "rmse"})

    def test_cuda_without_a_gpu(self):
        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        with pytest.raises(ConfigError, match=r"train\.device must be cpu or auto here"):
            trained("binary", device="cuda")

    def test_lbfgs_with_batch_normalization(self):
        network = {"kind": "mlp", "hidden_size": 8, "normalization": "batch"}
        with pytest.raises(ConfigError, match="must not be lbfgs with batch normalisation"):
            trained("binary", network=network, optimizer={"kind": "lbfgs"})

    def test_damaged_weights(self, tmp_path):
        trained("binary", epochs=1).save(tmp_path / "m")
        (tmp_path / "m" / "weights.safetensors").write_bytes(b"xx")
        with pytest.raises(InputError, match=r"weights\.safetensors must hold"):
            TrainedModel.load(tmp_path / "m")

    def test_only_one_class(self):
        train, valid = parts("binary")
        data = {**train.data, "y": np.full(len(train), "no", dtype=object)}
        with pytest.raises(InputError, match="at least two classes"):
            fit(
                Frame(train.columns, data, train.row),
                valid,
                problem("binary"),
                NoSamplingSpec(),
                PreprocessSpec(),
                TrainSpec(),
            )


def test_a_column_may_bear_any_name(tmp_path):
    train, valid = parts("binary", 100, 60)
    renamed = []
    for part in (train, valid):
        names = {"b": "X", "flag": "codes", "tail.heavy": "scores"}
        columns = tuple(
            Column(names.get(c.name, c.name), c.kind, c.roles, c.format) for c in part.columns
        )
        data = {names.get(name, name): values for name, values in part.data.items()}
        renamed.append(Frame(columns, data, part.row))
    model = fit(
        *renamed,
        problem("binary"),
        NoSamplingSpec(),
        PreprocessSpec(),
        TrainSpec(network=SMALL, epochs=1),
    )
    assert np.isfinite(model.predict(renamed[1])).all()
