"""Copies of sequences across parts and wrong labels of steps are named; honest ones are not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.describing import described
from ninefold.leakage import AuditSpec, audit
from ninefold.leakage.bands import BandsCheck
from ninefold.leakage.case import Case
from ninefold.leakage.masking import masked
from ninefold.leakage.near_sequences import NearSequencesCheck
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec
from ninefold.sequences import format_of, text_of_words, words_format

PROBLEM = ProblemSpec(target="state", task="tagging", ids=("entity",))
NAMES = np.array(["idle", "run", "spin"], dtype=object)
COUNT = 160
PART = np.repeat(["train", "valid", "test"], [100, 20, 40]).astype(object)


def machines(seed=0):
    """Return sequences of two channels and the state `(T,)` of each step."""
    rng = np.random.default_rng(seed)
    cells, states = [], []
    for _ in range(COUNT):
        state = np.repeat(rng.integers(3, size=8), 4)[: int(rng.integers(10, 32))]
        cells.append(np.column_stack([3.0 * state, state % 2]) + rng.normal(size=(len(state), 2)))
        states.append(state)
    return cells, states


def frame_of(cells, states):
    columns = (
        Column("entity", "category", frozenset({"id"})),
        Column("s", "sequence", frozenset({"input"}), format_of(["load", "heat"])),
        Column("state", "text", frozenset({"target"})),
    )
    labels = [json.dumps([str(name) for name in NAMES[state]]) for state in states]
    names = np.array([f"m{n:03d}" for n in range(COUNT)], dtype=object)
    data = {"entity": names, "s": objects(cells), "state": np.array(labels, dtype=object)}
    return Frame(columns, data, np.arange(COUNT))


def found(cells, states, kind="given"):
    report = audit(frame_of(cells, states), PART, PROBLEM, AuditSpec(), kind)
    return {item["kind"]: item for item in report["findings"]}


def noisy(cell, rng):
    return cell + rng.normal(scale=0.01, size=cell.shape)


def rounded(cell, rng):
    return cell.round(1)


def same(cell, rng):
    return cell.copy()


def gaps(cell, rng):
    return np.where(rng.random(cell.shape) < 0.01, np.nan, cell)


@pytest.mark.parametrize("change", [same, noisy, rounded, gaps])
def test_copies_of_sequences_are_named_by_their_entities(change):
    cells, states = machines()
    rng = np.random.default_rng(1)
    for row in range(120, 128):
        cells[row], states[row] = change(cells[row - 120], rng), states[row - 120]
    item = found(cells, states)["rows.near_sequence"]
    assert item["severity"] == "block"
    assert len(item["rows"]) >= 6
    assert set(item["rows"]) <= set(range(120, 128))
    assert {tuple(pair) for pair in item["evidence"]["pairs_of_values"]} <= {
        (f"m{row:03d}", f"m{row - 120:03d}") for row in range(120, 128)
    }


def test_wrong_labels_of_steps_are_named():
    cells, states = machines()
    assert not {"label.suspicious_steps", "rows.near_sequence"} & set(found(cells, states))
    wrong = set()
    for row in range(0, COUNT, 4):
        states[row] = states[row].copy()
        states[row][6] = (states[row][6] + 2) % 3
        wrong.add((f"m{row:03d}", 7))
    item = found(cells, states)["label.suspicious_steps"]
    told = {(step["of"], step["step"]) for step in item["evidence"]["values"]}
    assert item["severity"] == "info"
    assert len(told & wrong) >= 8
    assert len(told & wrong) >= 0.8 * len(told)


def test_labels_without_any_order_are_not_suspicious():
    cells, states = machines()
    rng = np.random.default_rng(3)
    assert "label.suspicious_steps" not in found(
        cells, [rng.integers(3, size=len(state)) for state in states]
    )


def test_equal_sequences_with_other_labels_warn_and_masked_entities_are_hidden():
    cells, states = machines()
    for row in range(6):
        cells[row] = cells[row + 50].copy()
        states[row] = (states[row + 50] + 1) % 3
    report = audit(frame_of(cells, states), PART, PROBLEM, AuditSpec(), "random")
    item = {item["kind"]: item for item in report["findings"]}["label.conflicting_steps"]
    assert (item["severity"], item["evidence"]["sequences"]) == ("warn", 12)
    assert "m050" in item["message"]
    hidden = masked(report, frame_of(cells, states), ["entity"])
    assert "m050" not in json.dumps(hidden)


def tokens(tags, coarse):
    """Return a frame of words, another column of labels of the same steps, and the labels."""
    columns = (
        Column("entity", "category", frozenset({"id"})),
        Column("word", "text", frozenset({"input"}), words_format("word")),
        Column("group", "text", frozenset({"input"}), words_format("group")),
        Column("state", "text", frozenset({"target"})),
    )
    rng = np.random.default_rng(1)
    words = [[f"w{tag}{rng.integers(9)}" for tag in row] for row in tags]
    data = {
        "entity": np.array([f"s{n:03d}" for n in range(COUNT)], dtype=object),
        "word": np.array([text_of_words(row) for row in words], dtype=object),
        "group": np.array([text_of_words(row) for row in coarse], dtype=object),
        "state": np.array([json.dumps([f"t{tag}" for tag in row]) for row in tags], dtype=object),
    }
    return Frame(columns, data, np.arange(COUNT))


def test_a_second_column_of_labels_is_named_and_words_that_tell_the_label_are_not():
    rng = np.random.default_rng(0)
    tags = [rng.integers(5, size=8).tolist() for _ in range(COUNT)]
    finer = [[f"{tag}-{rng.integers(2)}" for tag in row] for row in tags]
    looser = [[f"{rng.integers(5)}" if rng.random() < 0.2 else str(tag) for tag in row]
              for row in tags]  # fmt: skip
    kinds = {}
    for name, coarse in (("finer", finer), ("looser", looser)):
        report = audit(tokens(tags, coarse), PART, PROBLEM, AuditSpec(), "random")
        kinds[name] = [f for f in report["findings"] if f["kind"] == "target.step_copy"]
    assert [f["columns"] for f in kinds["finer"]] == [["group"]]
    assert kinds["finer"][0]["severity"] == "warn"
    assert kinds["looser"] == []


def test_a_channel_that_is_the_label_is_named_and_can_be_left_out():
    cells, states = machines()
    coded = [np.column_stack([cell, 7 - state]) for cell, state in zip(cells, states, strict=True)]
    frame = frame_of(coded, states)
    told = format_of(["load", "heat", "code"], entity="entity")
    columns = [replace(c, format=told) if c.name == "s" else c for c in frame.columns]
    report = audit(replace(frame, columns=tuple(columns)), PART, PROBLEM, AuditSpec(), "random")
    item = {item["kind"]: item for item in report["findings"]}["target.step_copy"]
    assert item["columns"] == ["code"]
    assert item["fix"] == [{"path": ["ingest", "drop"], "value": ["code"]}]


def near(cells, part, kind="random"):
    """Return what is found of sequences of one channel, of two classes by turns."""
    columns = (
        Column("s", "sequence", frozenset({"input"}), format_of(["load"])),
        Column("y", "category", frozenset({"target"})),
    )
    labels = np.where(np.arange(len(cells)) % 2, "a", "b").astype(object)
    data = {"s": objects([cell[:, None] for cell in cells]), "y": labels}
    frame = Frame(columns, data, np.arange(len(cells)))
    problem = ProblemSpec(target="y", task="classification")
    case = Case(described(frame), part.astype(object), problem, kind, tensors={"s": data["s"]})
    return list(NearSequencesCheck().findings(case))


def walks(count, steps, seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(size=(count, steps)), axis=1)


def rescaled(cell, rng):
    return rng.uniform(0.5, 2) * cell + rng.normal(scale=0.05 * cell.std(), size=len(cell))


def begun_later(cell, rng):
    steps = int(rng.integers(2, 6))
    return np.concatenate([cell[steps:], cell[-1] + np.cumsum(rng.normal(size=steps))])


def backwards(cell, rng):
    return cell[::-1].copy()


@pytest.mark.parametrize("change", [rescaled, begun_later, backwards])
def test_changed_copies_of_sequences_on_both_sides_of_a_split_are_named(change):
    made, rng = walks(300, 50), np.random.default_rng(1)
    part = rng.choice(["train", "test"], 600, p=[0.75, 0.25])
    (item,) = near([*made, *(change(cell, rng) for cell in made)], part)
    is_leaked = (part == "test") & np.roll(part == "train", 300)
    assert item.severity == "block"
    assert np.isin(np.flatnonzero(is_leaked), item.rows).mean() >= 0.9
    assert is_leaked[list(item.rows)].mean() >= 0.9


@pytest.mark.parametrize("stride", [20, 2])
def test_noisy_windows_of_recordings_split_at_random_are_named_and_by_time_are_not(stride):
    rng = np.random.default_rng(2)
    windows, when = [], []
    for recording in walks(6, 60 + 150 * stride, seed=3):
        for start in range(0, len(recording) - 60, stride):
            windows.append(recording[start : start + 60] + rng.normal(scale=0.05, size=60))
            when.append(start)
    at_random = rng.choice(["train", "test"], len(windows), p=[0.75, 0.25])
    (item,) = near(windows, at_random)
    assert len(item.rows) >= 0.6 * (at_random == "test").sum()
    by_time = np.where(np.array(when) < np.quantile(when, 0.75), "train", "test")
    assert not near(windows, by_time, "given")


def test_waves_walks_beats_and_rest_that_are_alike_once_moved_are_no_copies():
    rng = np.random.default_rng(4)
    step, part = np.arange(60), rng.choice(["train", "test"], 400, p=[0.75, 0.25])
    phases = (step + rng.uniform(0, 24, (400, 1))) / rng.uniform(20, 28, (400, 1)) % 1
    beats = np.exp(-(((phases - 0.3) / 0.04) ** 2)) + rng.normal(scale=0.02, size=(400, 60))
    waves = np.sin(2 * np.pi * phases) + rng.normal(scale=0.05, size=(400, 60))
    rest = 5 + rng.normal(scale=1e-6, size=(400, 60))
    few = walks(400, 6)
    for cells in (waves, beats, walks(400, 60), rest, few):
        assert not [item for item in near(list(cells), part) if item.severity != "info"]


@pytest.mark.parametrize(("series", "count"), [("station", 0), ("another", 1)])
def test_the_level_of_a_series_is_no_band_of_the_target(series, count):
    station = np.repeat(np.array(["north", "south"], dtype=object), 60)
    load = np.where(station == "north", 10.0, 30.0) + np.random.default_rng(0).normal(size=120)
    columns = (
        Column("station", "category", frozenset({"input"})),
        Column("load+1", "number", frozenset({"target"})),
    )
    frame = Frame(columns, {"station": station, "load+1": load}, np.arange(120))
    part = np.where(np.arange(120) % 4, "train", "test").astype(object)
    problem = ProblemSpec(target="load+1", task="regression")
    formats = {"past": format_of(["load"], entity=series), "scan": "grey 24", "said": None}
    case = Case(frame, part, problem, "time", formats=formats)
    assert [found.columns for found in BandsCheck().findings(case)] == [("station",)] * count
