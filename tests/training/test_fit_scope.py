"""Poison the rows that nothing may be fitted on, fit again: not one byte may change."""

import dataclasses

import numpy as np
import pytest

from ninefold.baselines.comparing import prepare as prepare_fold
from ninefold.columns import Column
from ninefold.config import validate
from ninefold.errors import GateError
from ninefold.preprocessing import PreprocessSpec
from ninefold.preprocessing.clipping import ClipperSpec
from ninefold.preprocessing.imputing import ImputerSpec
from ninefold.preprocessing.scaling import ScalerSpec
from ninefold.preprocessing.selecting import SelectorSpec
from ninefold.registry import components
from ninefold.splitting import Folds, split
from ninefold.target import Target
from ninefold.training import TrainSpec, fit, preparing
from ninefold.training.fit_scope import fingerprints, fit_scope, poisoned, stop_if_failed
from tests.splitting.test_hard_splits import KINDS, visits
from tests.splitting.test_split import problem as split_problem
from tests.training.samples import parts, problem
from tests.training.test_fit import SMALL, digest

NEEDED = {"constant": {"value": 3.5}, "top_k": {"k": 2}}
SAMPLINGS = ("none", "under", "over", "class_weights")


def every(package, base):
    return [
        s.model_fields["kind"].default
        for s in components(f"ninefold.preprocessing.{package}", base)
    ]


def choice(kind):
    return {"kind": kind, **NEEDED.get(kind, {})}


PREPROCESSING = {
    **{f"scale {k}": {"number": {"scale": choice(k)}} for k in every("scaling", ScalerSpec)},
    **{f"impute {k}": {"number": {"impute": choice(k)}} for k in every("imputing", ImputerSpec)},
    **{f"clip {k}": {"number": {"clip": choice(k)}} for k in every("clipping", ClipperSpec)},
    **{f"select {k}": {"select": [choice(k)]} for k in every("selecting", SelectorSpec)},
    "bins": {"number": {"bins": 5}},
    "one-hot": {"category": {"encode": "one_hot", "min_count": 1}},
    "ordinal": {"category": {"encode": "ordinal"}},
    "rare levels": {"category": {"min_frequency": 0.05, "max_levels": 4}},
    "words": {"columns": {"cité": {"use": "text", "min_count": 1}}},
    "number as category": {"columns": {"b": {"use": "category"}}},
}  # fmt: skip


def arguments(kind, content, sampling="none", **train):
    return (
        problem(kind),
        validate("sampling", {"kind": sampling}),
        validate("preprocess", content),
        TrainSpec.model_validate({"network": SMALL, "epochs": 1, **train}),
    )


@pytest.mark.parametrize("name", PREPROCESSING)
@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_no_transform_sees_valid_rows(kind, name):
    train, valid = parts(kind, 300, 150)
    found = fit_scope(train, valid, *arguments(kind, PREPROCESSING[name]))
    assert found["verdict"] == "pass", found
    assert found["poisoned_valid_rows"] == 150
    stop_if_failed(found)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.some(6)
def test_graph_and_weights_stay_when_valid_rows_are_poisoned(kind, sampling, tmp_path):
    """With the number of epochs fixed there is nothing valid rows may decide."""
    train, valid = parts(kind, 300, 150)
    for folder, rows in (("a", valid), ("b", poisoned(valid, ["y"]))):
        fit(train, rows, *arguments(kind, {}, sampling)).save(tmp_path / folder)
    honest, other = digest(tmp_path / "a"), digest(tmp_path / "b")
    for name in ("preprocess.onnx", "layout.json", "weights.safetensors"):
        assert honest[name] == other[name]
    assert honest["network.json"] != other["network.json"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.some(10)
def test_no_fold_sees_the_rows_it_is_validated_on_or_leaves_out(kind, sampling):
    frame = visits(2)
    asked = split_problem(**KINDS[kind])
    divided = split(frame, asked, validate("split", {"kind": kind, "folds": 3}))
    train = frame.take(divided.index("train"))
    pairs = list(Folds.of(train.row, divided.plan).pairs())
    assert pairs
    for inside, outside in pairs:
        others = np.setdiff1d(np.arange(len(train)), inside)
        spoilt = {name: values.copy() for name, values in train.data.items()}
        for name, values in poisoned(train.take(others), ["y"]).data.items():
            spoilt[name][others] = values
        prints = []
        for rows in (train, dataclasses.replace(train, data=spoilt)):
            ready = prepare_fold(
                rows.take(inside), rows.take(outside), Target.fit(train, asked), asked,
                validate("sampling", {"kind": sampling}), PreprocessSpec(), 0,
            )  # fmt: skip
            assert ready is not None
            fitted = ready.rows
            graph = ready.preprocessing.model.SerializeToString(deterministic=True)
            prints.append(
                [graph, *(a.tobytes() for a in (fitted.X, fitted.codes, fitted.y, fitted.weight))]
            )
        assert prints[0] == prints[1]


@pytest.mark.parametrize(
    ("name", "differs"), [("scaler", {"graph", "features"}), ("sampling", {"sample"})]
)
def test_a_transform_that_looks_beyond_train_is_found_out_and_stops_the_run(
    name, differs, monkeypatch
):
    honest = preparing.prepare

    def cheating(train, valid, *rest):
        if name == "sampling":
            ready = honest(train, valid, *rest)
            X, codes, y, weight = ready.rows
            return dataclasses.replace(ready, rows=(X, codes, y, weight * np.nanmean(valid["b"])))
        both = {n: np.concatenate([train[n], valid[n]]) for n in train.data}
        row = np.arange(len(train) + len(valid))
        return honest(dataclasses.replace(train, data=both, row=row), valid, *rest)

    monkeypatch.setattr(preparing, "prepare", cheating)
    train, valid = parts("binary", 300, 150)
    found = fit_scope(train, valid, *arguments("binary", {}))
    assert found["verdict"] == "fail"
    assert differs <= set(found["differs"])
    with pytest.raises(GateError, match="train rows only") as caught:
        stop_if_failed(found)
    assert "\n" not in str(caught.value)


def test_every_cell_is_poisoned():
    frame = visits(0)
    frame = frame.with_column(Column("flag", "bool", frozenset({"input"})), np.arange(500) % 3 == 0)
    spoilt = poisoned(frame)
    for column in frame.columns:
        same = frame[column.name] == spoilt[column.name]
        assert not np.asarray(same).any(), column.name


def test_large_parts_are_sampled_and_the_proof_is_deterministic():
    train, valid = parts("binary", 2600, 2400)
    first, again = (fit_scope(train, valid, *arguments("binary", {})) for _ in range(2))
    assert first == again
    assert (first["train_rows"], first["poisoned_valid_rows"]) == (2000, 2000)
    ready = preparing.prepare(train, valid, *arguments("binary", {}))
    assert fingerprints(ready)["graph"] != first["graph_sha256"]
