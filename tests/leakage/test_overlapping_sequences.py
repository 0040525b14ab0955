"""Windows of one series on both sides of the split are found; honest series are left alone."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec, audit
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec
from ninefold.sequences import format_of

PROBLEM = ProblemSpec(target="y", task="regression")
KIND = "time.overlapping_sequences"


def found(cells, y, part):
    columns = (
        Column("s", "sequence", frozenset({"input"}), format_of(["load"])),
        Column("y", "number", frozenset({"target"})),
    )
    frame = Frame(columns, {"s": objects(cells), "y": y}, np.arange(len(cells)))
    report = audit(frame, part, PROBLEM, AuditSpec(), "random")
    return {item["kind"]: item for item in report["findings"]}


def windows(series, past, stride=1):
    origins = np.arange(past, len(series) - 1, stride)
    return [series[i - past : i, None] for i in origins], series[origins]


def at_random(count):
    return np.random.default_rng(1).choice(["train", "valid", "test"], count, p=[0.7, 0.1, 0.2])


@pytest.mark.parametrize("stride", [1, 3])
def test_windows_split_at_random_are_stopped(stride):
    series = np.random.default_rng(0).normal(size=400 * stride).cumsum()
    cells, y = windows(series, 16, stride)
    part = at_random(len(cells))
    item = found(cells, y, part)[KIND]
    assert item["severity"] == "block"
    assert item["columns"] == ["s"]
    assert set(item["rows"]) <= set(np.flatnonzero(part == "test"))
    assert len(item["rows"]) > 0.9 * (part == "test").sum() - 2


def test_windows_split_by_time_and_series_of_their_own_are_left_alone():
    series = np.random.default_rng(0).normal(size=400)
    cells, y = windows(series, 16)
    count = len(cells)
    part = np.repeat(["train", "", "valid", "", "test"], [250, 2, 50, 2, count - 304])
    assert KIND not in found(cells, y, part)
    rng = np.random.default_rng(2)
    own = [rng.integers(0, 3, (int(n), 1)).astype(float) for n in rng.integers(0, 40, 300)]
    assert KIND not in found(own, rng.normal(size=300), at_random(300))
    calm = [np.zeros((20, 1)) if n % 2 else np.arange(20.0)[:, None] % 2 for n in range(300)]
    assert KIND not in found(calm, rng.normal(size=300), at_random(300))


def test_a_whole_copy_in_another_part_is_found():
    rng = np.random.default_rng(3)
    cells = [rng.normal(size=(12, 1)) for _ in range(200)]
    y = rng.normal(size=200)
    part = np.repeat(["train", "valid", "test"], [120, 30, 50])
    for row in range(150, 170):
        cells[row], y[row] = cells[row - 150], y[row - 150]
    item = found(cells, y, part)["rows.duplicate"]
    assert item["severity"] != "info"
    assert set(item["rows"]) == set(range(150, 170))
