import json

import numpy as np
import pytest

from ninefold.baselines import BaselinesSpec
from ninefold.columns import Column, Frame
from ninefold.crossvalidation import CrossvalidateSpec
from ninefold.crossvalidation.comparing import crossvalidate
from ninefold.crossvalidation.contest import Settings
from ninefold.crossvalidation.rounds import rounds
from ninefold.errors import InputError
from ninefold.files import jsonable
from ninefold.preprocessing import PreprocessSpec
from ninefold.sampling import NoSamplingSpec
from ninefold.splitting import Folds
from ninefold.training import TrainSpec
from tests.training.samples import parts, problem

FAST = TrainSpec.model_validate(
    {"epochs": 3, "network": {"kind": "mlp", "hidden_size": 16, "num_layers": 1}}
)
SIMPLE = BaselinesSpec.model_validate({"models": [{"kind": "dummy"}, {"kind": "linear"}]})


def settings(kind, baselines=SIMPLE, train=FAST, **fields):
    return Settings(problem(kind, **fields), NoSamplingSpec(), PreprocessSpec(), train, baselines)


def folded(frame, count=3):
    return Folds(frame.row, np.arange(len(frame)) % count, "partition")


def compared(kind, fold=None, rows=300, given=None, train=None, **spec):
    made = parts(kind, rows, 100)
    train = made[0] if train is None else train
    folds = folded(train) if fold is None else Folds(train.row, fold, "partition")
    spec = CrossvalidateSpec.model_validate({"curve": False, **spec})
    return crossvalidate(train, made[1], folds, given or settings(kind), spec)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
def test_network_and_baselines_meet_on_the_same_rows(kind):
    report = compared(kind).report
    assert [set(found["scores"]) for found in report["rounds"]] == [
        {"network", "dummy", "linear"}
    ] * 3
    assert [found["new_rows"] for found in report["rounds"]] == [100, 100, 100]
    assert all(found["fit_rows"] == 200 for found in report["rounds"])
    assert report["best"] == "linear"
    json.dumps(jsonable(report), allow_nan=False)


def test_same_inputs_give_the_same_report():
    first, second = (json.dumps(jsonable(compared("binary").report)) for _ in range(2))
    assert first == second


@pytest.mark.thorough
def test_processes_beside_this_one_give_the_same_report(monkeypatch):
    alone = compared("regression", curve=True).report
    monkeypatch.setattr("ninefold.crossvalidation.rounds.WORTH_ROWS", 1)
    assert compared("regression", curve=True).report == alone


def test_rows_of_a_fold_have_no_say_in_its_models():
    train, _ = parts("binary", 300, 100)
    spoilt = train.take(np.arange(len(train)))
    new = np.arange(len(train)) % 3 == 0
    for name in ("the number", "b", "tail.heavy"):
        spoilt.data[name][new] = np.where(spoilt.data[name][new] > 0, 1e6, -1e6)
    chosen = []
    for frame in (train, spoilt):
        found = next(rounds(frame, frame, folded(frame), problem("binary"), 1000))
        chosen.append({name: found.fit[name].tolist() for name in found.fit.data})
    assert json.dumps(chosen[0]) == json.dumps(chosen[1])
    plain, changed = (compared("binary", train=frame).report for frame in (train, spoilt))
    assert plain["rounds"][0]["scores"] != changed["rounds"][0]["scores"]


def ordered(rows=300):
    train, valid = parts("binary", rows, 100)
    when = Column("when", "number", frozenset({"input"}))
    mixed = np.random.default_rng(0).permutation(rows).astype(float)
    train = train.with_column(when, mixed)
    fold = (mixed // (rows / 6)).astype(np.int64)
    return train, valid.with_column(when, np.arange(100.0) + rows), fold


def test_over_time_a_fold_is_watched_on_rows_before_it():
    train, valid, fold = ordered()
    folds = Folds(train.row, fold, "expanding")
    found = list(rounds(train, valid, folds, problem("binary", time="when"), 1000))
    assert [each.fold for each in found] == [2, 3, 4, 5]
    for each in found:
        assert each.fit["when"].max() < each.watch["when"].min()
        assert each.watch["when"].max() < each.new["when"].min()


@pytest.mark.parametrize("scheme", ["partition", "expanding"])
def test_large_tables_are_thinned_alike_for_all(scheme):
    train, valid, fold = ordered()
    folds = Folds(train.row, fold, scheme)
    found = list(rounds(train, valid, folds, problem("binary", time="when"), 40))
    assert {len(each.fit) for each in found} == {40}
    if scheme == "expanding":
        assert all(np.ptp(each.fit["when"]) == 39 for each in found)


def test_a_fold_without_one_of_the_classes_is_scored_all_the_same():
    train, _ = parts("multiclass", 300, 100)
    fold = np.arange(len(train)) % 3
    fold[train["y"] == "'never'"] = 0
    report = compared("multiclass", fold, train=train).report
    values = [value for found in report["rounds"] for value in found["scores"].values()]
    assert np.isfinite(values).all()


def test_a_fold_with_one_class_only_has_no_score_and_says_why():
    train, _ = parts("binary", 200, 100)
    fold = (train["y"] == "yes").astype(np.int64)
    report = jsonable(compared("binary", fold, train=train).report)
    for found in report["rounds"]:
        assert set(found["scores"].values()) == {None}
        assert "two classes" in found["reasons"]["network"]
    assert report["best"] is None


def test_folds_of_other_rows_are_refused():
    train, valid = parts("binary", 200, 100)
    with pytest.raises(InputError, match=r"folds\.parquet must list the rows"):
        crossvalidate(train, valid, folded(valid), settings("binary"), CrossvalidateSpec())


def test_without_the_network_only_baselines_are_scored():
    report = compared("binary", network=False, curve=True).report
    assert set(report["rounds"][0]["scores"]) == {"dummy", "linear"}
    assert "curve" not in report


def grown(noise):
    """Return a table in which only a network, and only with many rows, learns the product."""
    random = np.random.default_rng(0)
    x = random.normal(size=(900, 3))
    y = np.where(x[:, 0] * x[:, 1] + noise * random.normal(size=900) > 0, "yes", "no")
    columns = [Column(f"x{i}", "number", frozenset({"input"})) for i in range(3)]
    data = {f"x{i}": x[:, i] for i in range(3)} | {"y": y.astype(object)}
    target = Column("y", "category", frozenset({"target"}))
    return Frame((*columns, target), data, np.arange(900))


def test_the_curve_rises_where_rows_help():
    frame = grown(0.2)
    train, valid = frame.take(np.arange(750)), frame.take(np.arange(750, 900))
    given = settings("binary", train=TrainSpec(epochs=8))
    found = crossvalidate(train, valid, folded(train), given, CrossvalidateSpec()).report
    curve = found["curve"]
    network = [point["value"] for point in curve["models"]["network"]]
    linear = [point["value"] for point in curve["models"][found["best"]]]
    assert curve["rows"] == [62, 125, 250, 500]
    assert network[-1] > network[0] + 0.05
    assert network[-1] > linear[-1] + 0.1
    assert [ahead["rows"] for ahead in curve["ahead"]] == [500, 1000, 2000]
    assert curve["ahead"][1]["gain"] > 0.1
