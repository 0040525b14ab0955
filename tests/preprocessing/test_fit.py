import json

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.errors import ConfigError, InputError
from ninefold.preprocessing import Preprocessing, PreprocessSpec, fit
from ninefold.problem import ProblemSpec
from ninefold.target import Target
from tests.features.frames import PROBLEM, frame

TARGET = Target("outcome", "classification", ("a", "b"))


def table(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    data = {
        "x": np.where(rng.random(rows) < 0.1, np.nan, x),
        "X": rng.lognormal(size=rows),
        "naïve name.with 'quotes'": rng.integers(0, 5, rows),
        "few": rng.choice(["a", "b", ""], rows),
        "many": rng.choice([f"level {i}" for i in range(30)], rows),
        "flag": rng.random(rows) < 0.5,
        "text_note": rng.choice(["good food", "bad service.", "fine"], rows),
        "constant": np.ones(rows),
        "empty": np.full(rows, np.nan),
        "copy of X": None,
    }
    data["copy of X"] = data["X"]
    return frame(**data), (x > 0).astype(np.int64)


def fitted(train, y, **section):
    return fit(train, y, TARGET, PROBLEM, validate("preprocess", section))


def content(prepared):
    return prepared.model.SerializeToString(deterministic=True), prepared.layout.to_json()


def test_a_row_alone_and_in_any_batch_gives_the_same_bits():
    train, y = table(1003)
    spec = {"columns": {"X": {"scale": "quantile"}, "x": {"scale": "log"}}}
    for section in ({}, spec):
        prepared = fitted(train, y, **section)
        X, codes = prepared.transform(train)
        for index in (*np.arange(40).reshape(-1, 1), np.arange(5, 12), np.arange(31, 1003)):
            part, part_codes = prepared.transform(train.take(index))
            np.testing.assert_array_equal(part, X[index])
            np.testing.assert_array_equal(part_codes, codes[index])


def test_rows_outside_train_leave_no_trace():
    everything, y = table(600)
    index = np.arange(400)
    before = content(fitted(everything.take(index), y[index]))
    poisoned = {name: values.copy() for name, values in everything.data.items()}
    poisoned["x"][400:] = 1e300
    poisoned["few"][400:] = "poison"
    after = Frame(everything.columns, poisoned, everything.row)
    assert content(fitted(after.take(index), y[index])) == before
    assert content(fitted(after, y)) != before


def test_the_decision_table_says_what_and_why():
    train, y = table()
    rows = {row["column"]: row for row in fitted(train, y).layout.treatments}
    assert rows["constant"]["treatment"] == "dropped"
    assert rows["constant"]["why"] == "every train row has 1"
    assert rows["empty"]["why"] == "every train row is missing"
    assert rows["copy of X"]["why"] == "it equals `X` in every train row"
    assert rows["many"]["treatment"] == "codes for an embedding, 30 levels"
    assert rows["few"]["features"] == ["few = a", "few = b", "few is missing"]
    assert rows["x"]["features"] == ["x", "x is missing"]
    assert set(rows) == {column.name for column in train.columns} - {"outcome"}


def test_dropped_columns_cost_nothing():
    train, y = table()
    prepared = fitted(train, y)
    read = {item.name for item in prepared.model.graph.input}
    assert read == set(prepared.layout.inputs)
    assert not {"constant", "empty", "copy of X", "outcome"} & read


def test_saved_and_loaded_is_the_same(tmp_path):
    train, y = table()
    prepared = fitted(train, y)
    prepared.save(tmp_path)
    loaded = Preprocessing.load(tmp_path)
    assert content(loaded)[0] == content(prepared)[0]
    assert json.dumps(content(loaded)[1]) == json.dumps(content(prepared)[1])
    for ours, theirs in zip(prepared.transform(train), loaded.transform(train), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_damaged_model_is_named(tmp_path):
    train, y = table()
    fitted(train, y).save(tmp_path)
    (tmp_path / "preprocess.onnx").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        Preprocessing.load(tmp_path)


@pytest.mark.parametrize(
    "section",
    [
        {"select": [{"kind": "top_k", "k": 3}]},
        {"select": [{"kind": "top_k", "k": 3, "score": "f_test"}]},
        {"select": ["correlation", "variance", {"kind": "top_k", "k": 3}]},
    ],
)
def test_selection_keeps_what_tells_about_the_target(section):
    train, y = table()
    prepared = fitted(train, y, **section)
    X, codes = prepared.transform(train)
    assert X.shape[1] == 3
    assert "x" in prepared.layout.features
    assert codes.shape[1] == 1


def test_correlated_features_are_dropped():
    x = np.random.default_rng(0).normal(size=200)
    train = frame(x=x, y=2 * x + 1e-4 * np.arange(200), z=np.arange(200) % 7)
    assert fitted(train, x > 0, select=["correlation"]).layout.features == ("x", "z")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"columns": {"fwe": {"encode": "ordinal"}}}, r"no feature `fwe` \(did you mean `few`\?\)"),
        ({"columns": {"outcome": {"use": "drop"}}}, "never a feature"),
        ({"columns": {"few": {"scale": "log"}}}, "few.scale must not be given"),
        (
            {"columns": {"few": {"use": "number"}}},
            "few.use must be one of category, text, tokens, drop",
        ),
        ({"columns": {"x": {"scale": "sqrt"}}}, "scale.kind must be one of"),
        ({"columns": {"x": {"scael": "log"}}}, "unknown key `preprocess.columns.x.scael`"),
        ({"number": {"clip": {"kind": "quantile", "low": 0.9, "high": 0.1}}}, "low must be < high"),
    ],
)
def test_a_wrong_override_is_named(section, message):
    train, y = table()
    with pytest.raises(ConfigError, match=message):
        fitted(train, y, **section)


@pytest.mark.parametrize(
    "data",
    [
        {"a": np.ones(5)},
        {"a": np.full(5, np.nan), "b": np.full(5, np.inf)},
        {"a": ["x"] * 5},
        {"a": [f"unique {i}" for i in range(5)]},
        {"a": np.ones(5, dtype=bool)},
    ],
)
def test_nothing_to_learn_from_is_said(data):
    with pytest.raises(InputError, match="at least one usable feature, however: `a`: "):
        fitted(frame(**data), np.zeros(5))


def test_no_rows_is_said():
    train, y = table()
    with pytest.raises(InputError, match="train part must have rows"):
        fitted(train.take(np.array([], dtype=int)), y[:0])


def test_identifiers_groups_and_late_columns_are_no_features():
    train = frame({"late": frozenset({"after"})}, a=range(9), i=range(9), g=range(9), late=range(9))
    problem = ProblemSpec(
        target="outcome", task="classification", ids=("i",), group=("g",), time="a"
    )
    train = train.with_column(Column("ok", "number", frozenset({"derived"})), np.arange(9.0) % 4)
    prepared = fit(train, np.zeros(9), TARGET, problem, PreprocessSpec())
    assert prepared.layout.features == ("ok",)


def test_another_kind_of_column_is_refused_at_transform():
    train, y = table()
    prepared = fitted(train, y)
    wrong = train.with_column(Column("few", "number"), np.zeros(len(train)))
    with pytest.raises(InputError, match="`few` must be a category column"):
        prepared.transform(wrong)
