"""Sequences in the graph: scaled, padded, told in numbers; numpy is the oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.pixels import objects
from ninefold.preprocessing import PreprocessSpec, fit
from ninefold.problem import ProblemSpec
from ninefold.runtime import run, session
from ninefold.sequences import format_of
from ninefold.target import Target

PROBLEM = ProblemSpec(target="y", task="regression")
FORMAT = format_of(["load", "heat"])
SPEC = PreprocessSpec.model_validate({"sequence": {"flat_steps": 5, "flat_pieces": 3}})


def frame_of(cells):
    columns = (
        Column("s", "sequence", frozenset({"input"}), FORMAT),
        Column("y", "number", frozenset({"target"})),
    )
    data = {"s": objects(cells), "y": np.arange(len(cells), dtype=float)}
    return Frame(columns, data, np.arange(len(cells)))


def fitted(cells):
    frame = frame_of(cells)
    return fit(frame, frame["y"], Target.fit(frame, PROBLEM), PROBLEM, SPEC)


@pytest.fixture(scope="module")
def train():
    rng = np.random.default_rng(0)
    cells = [rng.normal([5, -300], [2, 40], size=(n % 11, 2)) for n in range(60)]
    for cell in cells[::3]:
        cell[::4, 1] = np.nan
    return cells


@pytest.fixture(scope="module")
def prepared(train):
    return fitted(train)


def test_each_channel_is_scaled_by_the_train_rows(train, prepared):
    X, _, steps = prepared.transform(frame_of(train))
    assert X.shape == (60, 0)
    assert steps.shape == (60, 11, 6)
    assert prepared.layout.tensors[0].shape == (-1, 6)
    every, lasts = np.concatenate(train), [last_known(cell) for cell in train]
    mean, std = np.nanmean(every, axis=0), np.nanstd(every, axis=0)
    apart = [cell - last for cell, last in zip(train, lasts, strict=True)]
    spread = np.nanstd(np.concatenate(apart), axis=0)
    for cell, last, found in zip(train, lasts, steps, strict=True):
        count = len(cell)
        np.testing.assert_array_equal(found[:, 0], np.arange(11) < count)
        np.testing.assert_array_equal(found[count:], 0)
        level = np.tile(np.nan_to_num((last - mean) / std), (count, 1))
        np.testing.assert_allclose(found[:count, 1:3], level, atol=1e-6)
        np.testing.assert_allclose(
            found[:count, 3:5], np.nan_to_num((cell - last) / spread), atol=1e-6
        )
        np.testing.assert_array_equal(found[:count, 5], np.isnan(cell[:, 1]))


def last_known(cell):
    known = [channel[~np.isnan(channel)] for channel in cell.T]
    return np.array([channel[-1] if len(channel) else np.nan for channel in known])


def test_a_sequence_is_told_in_numbers(train, prepared):
    flat = prepared.flattened()
    X, _ = flat.transform(frame_of(train))
    assert X.shape == (60, len(flat.layout.features)) == (60, 2 * (7 + 4 + 3) + 2)
    names, scales = list(flat.layout.features), prepared.layout.tensors[0].scales
    steps = prepared.transform(frame_of(train))[2].astype(np.float64)
    lengths = np.array([len(cell) for cell in train])
    for row, (count, series) in enumerate(zip(lengths, steps, strict=True)):
        load = series[:count, 3]
        told = {name.removeprefix("s load "): X[row, i] for i, name in enumerate(names)
                if name.startswith("s load")}  # fmt: skip
        assert X[row, names.index("s steps")] == np.float32(count / lengths.mean())
        wanted = {"last": series[0, 1], "3 before last": load[-4] if count > 3 else 0}
        if count:
            value = (np.mean(train[row][:, 0]) - scales[0]) / scales[1]
            wanted |= {"mean": value, "mean apart": load.mean(), "spread": load.std(),
                       "lowest": load.min(), "highest": load.max()}  # fmt: skip
        if count > 2:
            wanted["trend"] = np.polyfit(np.arange(count), load, 1)[0] * count
            edges = np.arange(4) * count // 3
            wanted["part 2 of 3"] = load[edges[1] : edges[2]].mean()
        for name, value in wanted.items():
            assert told[name] == pytest.approx(value, abs=1e-5), name


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 2), max_size=6),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_any_sequence_gives_finite_numbers_and_the_same_bits_alone_and_padded(prepared, cells):
    cells = [np.array(cell, dtype=np.float64).reshape(-1, 2) for cell in cells]
    padded = [np.concatenate([cell, np.full((3, 2), np.nan)]) for cell in cells]
    for graph in (prepared, prepared.flattened()):
        whole = [part for part in graph.transform(frame_of(cells)) if part.shape[1]]
        assert all(np.isfinite(part).all() for part in whole)
        longer = [part for part in graph.transform(frame_of(padded)) if part.shape[1]]
        for row, cell in enumerate(cells):
            alone = [part for part in graph.transform(frame_of([cell])) if part.shape[1]]
            for part, one, long in zip(whole, alone, longer, strict=True):
                size = slice(0, one.shape[1])
                np.testing.assert_array_equal(one[0], part[row][size])
                np.testing.assert_array_equal(one[0], long[row][size])


def test_rows_of_different_lengths_share_a_run(prepared, train):
    running = session(prepared.flattened().model)
    X = run(running, {"s": objects(train)})[0]
    np.testing.assert_array_equal(X, prepared.flattened().transform(frame_of(train))[0])


@pytest.mark.parametrize(
    "cells",
    [
        [np.full((3, 2), 7.0), np.full((3, 2), 7.0)],
        [np.full((2, 2), np.nan), np.empty((0, 2))],
        [np.array([[1e300, -1e300]]), np.array([[-1e300, np.inf]])],
    ],
)
def test_channels_of_one_value_or_none_are_taken(cells):
    flat = fitted(cells).flattened()
    assert np.isfinite(flat.transform(frame_of(cells))[0]).all()
