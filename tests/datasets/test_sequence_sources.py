"""Long tables, windows and arrays become rows with a sequence each; what does not fit is named."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import read_frame, to_array, to_frame, write_frame
from ninefold.config import validate
from ninefold.datasets import profile, read
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.scoring.arrays import ArraysSource
from ninefold.sequences import channels
from ninefold.signature import Input
from ninefold.splitting import split
from tests.sequences import season, walks, write_walks

PROBLEM = ProblemSpec(target="label", task="classification")
LONG = {"kind": "long_table", "path": "long.csv", "entity": "entity", "time": "t"}
WINDOWS = {
    "kind": "windows", "path": "s.csv", "time": "day", "value": "load", "past": 14,
    "horizons": [2],
}  # fmt: skip
AHEAD = ProblemSpec(target="load+2", task="regression", time="day", horizon="2d")


def load(folder, problem=PROBLEM, **content):
    table, columns = read(validate("ingest", content), problem, folder)
    return to_frame(table, columns), table


def test_a_long_table_gives_a_row_for_each_entity(tmp_path):
    write_walks(tmp_path / "long.csv", 30)
    frame, table = load(tmp_path, **LONG)
    roles = {column.name: (column.kind, *column.roles) for column in frame.columns}
    assert roles == {
        "entity": ("category", "id"),
        "sequence": ("sequence", "input"),
        "t": ("datetime", "input"),
        "plant": ("category", "input"),
        "label": ("category", "target"),
    }
    truth = walks(30)
    assert channels(frame.column("sequence").format) == ("load", "heat")
    for entity, cell in zip(frame["entity"], frame["sequence"], strict=True):
        own = truth[truth["entity"] == entity]
        np.testing.assert_array_equal(cell, own[["load", "heat"]].to_numpy())
    told = profile(table, frame.columns)
    assert told["series"]["entities"] == 30
    assert told["series"]["out_of_order"] > 0
    assert told["columns"][1]["told"]["steps"]["max"] == 19
    write_frame(tmp_path / "t.parquet", frame)
    back = read_frame(tmp_path / "t.parquet")
    assert back.columns == frame.columns
    for a, b in zip(frame["sequence"], back["sequence"], strict=True):
        np.testing.assert_array_equal(a, b)
    fewer, _ = load(tmp_path, **LONG, sample_rows=7)
    assert len(fewer) == 7


def test_what_does_not_fit_a_long_table_is_one_line(tmp_path):
    table = walks(12)
    fifth = table.index == 4
    cases = {
        "has several": (table.assign(label=np.where(table.index % 2, "up", "down")), {}),
        "must have a time of its own": (pd.concat([table, table.iloc[[3]]]), {}),
        "must name the entity": (table.assign(entity=table["entity"].mask(fifth)), {}),
        "must give the time of every step": (table.assign(t=table["t"].mask(fifth)), {}),
        "must have the column `entty`.*none .did you mean": (table, {"entity": "entty"}),
        "must name number columns": (table, {"channels": ["plant"]}),
        "must vary within an entity": (table.drop_duplicates("entity"), {}),
    }  # fmt: skip
    for why, (content, changes) in cases.items():
        content.to_csv(tmp_path / "long.csv", index=False)
        with pytest.raises((InputError, ConfigError), match=why) as error:
            load(tmp_path, **{**LONG, **changes})
        assert "\n" not in str(error.value)
    frame, _ = load(tmp_path, **LONG, channels=["load"])
    assert {len(cell) for cell in frame["sequence"]} == {1}
    pd.concat([table, table.iloc[[3]].assign(load=99.0)]).to_csv(tmp_path / "long.csv", index=False)
    frame, _ = load(tmp_path, **LONG, repeated="last")
    assert 99.0 in np.concatenate(frame["sequence"].tolist())


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 20), st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True),
    st.integers(1, 5), st.sets(st.integers(1, 58), max_size=6),
)  # fmt: skip
def test_no_window_looks_ahead(tmp_path_factory, past, horizons, stride, gone):
    folder = tmp_path_factory.mktemp("windows")
    table = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=60), "load": np.arange(60.0)})
    table.drop(index=sorted(gone)).sample(frac=1, random_state=1).to_csv(
        folder / "s.csv", index=False
    )
    problem = ProblemSpec(
        target=f"load+{horizons[0]}", task="regression", time="day", horizon=f"{max(horizons)}d"
    )
    content = {**WINDOWS, "past": past, "horizons": horizons, "stride": stride}
    frame, _ = load(folder, problem, **content)
    origin = (frame["day"] - pd.Timestamp("2023-01-01").value // 1000) // 86_400_000_000
    for row, at in enumerate(origin):
        steps = np.arange(at - past + 1, at + 1).astype(float)
        steps[np.isin(steps, list(gone))] = np.nan
        np.testing.assert_array_equal(frame["past"][row][:, 0], steps)
        for horizon in horizons:
            value = frame[f"load+{horizon}"][row]
            assert value == at + horizon or (np.isnan(value) and at + horizon in gone)


def test_a_split_by_time_leaves_the_horizon_between_the_parts(tmp_path):
    season(200).to_csv(tmp_path / "s.csv", index=False)
    frame, _ = load(tmp_path, AHEAD, **WINDOWS)
    parts = split(frame, AHEAD, validate("split", {"kind": "auto"}))
    day = frame["day"] / 86_400_000_000
    for before, after in (("train", "valid"), ("valid", "test")):
        known = day[parts.index(before)].max() + 2
        assert known <= day[parts.index(after)].min()


@pytest.mark.parametrize(
    ("problem", "changes", "why"),
    [
        ({"horizon": None}, {}, "problem.horizon must be at least 2d"),
        ({"horizon": "1d"}, {}, "problem.horizon must be at least 2d"),
        ({"time": None, "horizon": None}, {}, "problem.time must be `day`"),
        ({"target": "load"}, {}, "no column `load`"),
        ({}, {"past": 500}, "the longest has 200"),
        ({}, {"value": "lod"}, "ingest.value must name a number column"),
        ({}, {"horizons": [0]}, "different numbers of steps >= 1"),
    ],
)
def test_windows_that_do_not_fit_are_one_line(tmp_path, problem, changes, why):
    season(200).to_csv(tmp_path / "s.csv", index=False)
    with pytest.raises((ConfigError, InputError), match=why) as error:
        load(tmp_path, AHEAD.model_copy(update=problem), **{**WINDOWS, **changes})
    assert "\n" not in str(error.value)


def test_arrays_of_sequences_end_where_only_nan_follows(tmp_path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 6, 2))
    values[3, 4:] = np.nan
    values[5] = np.nan
    values[6, 2] = np.nan
    label = np.array(["a", "b"] * 10)
    np.savez(tmp_path / "a.npz", X=values, label=label)
    frame, _ = load(tmp_path, kind="sequence_arrays", path="a.npz")
    lengths = [len(cell) for cell in frame["sequence"]]
    assert (lengths[3], lengths[5], lengths[6]) == (4, 0, 6)
    assert json.loads(frame.column("sequence").format)["channels"] == ["channel 1", "channel 2"]
    np.savez(tmp_path / "a.npz", X=values[..., None], label=label)
    with pytest.raises(InputError, match=r"shape \(N, T\) or \(N, T, C\)"):
        load(tmp_path, kind="sequence_arrays", path="a.npz")
    np.savez(tmp_path / "a.npz", Y=values, label=label)
    with pytest.raises(InputError, match="no array `X`"):
        load(tmp_path, kind="sequence_arrays", path="a.npz")


def test_steps_beyond_the_length_of_a_sequence_are_not_read(tmp_path):
    values, label = np.ones((20, 6, 2)), np.array(["a", "b"] * 10)
    steps = np.arange(20) % 7
    values[np.arange(6) >= steps[:, None]] = 0.0
    np.savez(tmp_path / "a.npz", X=values, steps=steps, label=label)
    frame, _ = load(tmp_path, kind="sequence_arrays", path="a.npz", lengths="steps")
    assert [len(cell) for cell in frame["sequence"]] == steps.tolist()
    assert {column.name for column in frame.columns} == {"sequence", "label"}
    item = Input("pulse", "sequence", format=frame.column("sequence").format)
    scored = ArraysSource(tmp_path / "a.npz", [item]).table.column("pulse")
    assert [len(cell) for cell in to_array(scored, "sequence")] == steps.tolist()
    with pytest.raises(InputError, match=r"no array `step`.*`steps`"):
        load(tmp_path, kind="sequence_arrays", path="a.npz", lengths="step")
    np.savez(tmp_path / "a.npz", X=values, steps=steps + 1, label=label)
    with pytest.raises(InputError, match=r"whole number from 0 to 6 .* however: 1 to 7"):
        load(tmp_path, kind="sequence_arrays", path="a.npz", lengths="steps")
