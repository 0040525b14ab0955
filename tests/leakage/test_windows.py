"""Windows cut from one series are found in any order of rows and columns; honest tables pass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.leakage import AuditSpec
from ninefold.leakage.audit import audit
from ninefold.problem import ProblemSpec
from ninefold.splitting import split

N, L = 400, 6
PROBLEM = ProblemSpec(target="y", task="regression")


def series(n, seed=0, digits=None):
    walk = np.cumsum(np.random.default_rng(seed).normal(size=n)) * 5
    return walk if digits is None else np.round(walk, digits)


def windows(values, width=L, stride=1):
    """Rows `t_6 … t_1` with the next value as target."""
    starts = range(0, len(values) - width, stride)
    table = {f"t_{width - k}": np.array([values[s + k] for s in starts]) for k in range(width)}
    return table | {"y": np.array([values[s + width] for s in starts])}


def findings(table, part=None, problem=PROBLEM, content=None):
    columns = []
    for name in table:
        role = "target" if name == problem.target else "time" if name == problem.time else "input"
        is_number = np.issubdtype(table[name].dtype, np.number)
        columns.append(Column(name, "number" if is_number else "category", frozenset({role})))
    frame = Frame(tuple(columns), table, np.arange(len(table["y"])))
    kind = "given"
    if part is None:
        parts = split(frame, problem, validate("split", content or {}))
        part, kind = parts.part, parts.manifest["split"]["like"]
    report = audit(frame, part, problem, AuditSpec(), kind)
    return [f for f in report["findings"] if f["kind"] == "time.windows"]


def shuffled(table, seed=3):
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(table["y"]))
    names = [list(table)[i] for i in rng.permutation(len(table))]
    return {name: table[name][order] for name in names}


def at_random(n, seed=1):
    return np.random.default_rng(seed).choice(["train", "test"], n, p=[0.75, 0.25]).astype(object)


@pytest.mark.parametrize(
    "way", ["in order", "shuffled", "newest first", "few values", "stride 2", "few, shuffled"]
)
@pytest.mark.some(3)
def test_windows_under_a_random_split_block_and_name_columns_and_rows(way):
    table = windows(series(N, digits=0 if "few" in way else None), stride=1 + ("2" in way))
    if "shuffled" in way:
        table = shuffled(table)
    elif way == "newest first":
        table = {name: values[::-1].copy() for name, values in table.items()}
    table["noise"] = np.random.default_rng(5).normal(size=len(table["y"]))
    part = at_random(len(table["y"]))
    (finding,) = findings(table, part)
    assert finding["severity"] == "block"
    assert set(finding["columns"]) <= set(table) - {"noise"}
    assert len(finding["columns"]) >= L
    assert len(finding["rows"]) >= 0.95 * (part == "test").sum()
    assert set(finding["rows"]) <= set(np.flatnonzero(part == "test").tolist())


def test_ninefolds_own_random_split_warns_and_a_declared_time_ends_it():
    table = windows(series(N))
    (finding,) = findings(table)
    assert finding["severity"] == "warn"
    table["day"] = np.arange(len(table["y"]), dtype=float)
    assert findings(table, problem=PROBLEM.model_copy(update={"time": "day"})) == []


def test_the_fix_parts_windows_of_a_file_without_dates_in_stretches():
    table = windows(series(N))
    (finding,) = findings(table)
    fix = {item["path"][1]: item["value"] for item in finding["fix"] if item["path"][0] == "split"}
    assert fix["kind"] == "blocked"
    assert findings(table, content=fix) == []
    (finding,) = findings(shuffled(table))
    assert not finding["fix"]


def test_windows_of_a_class_are_found():
    table = windows(series(N))
    rises = table["y"] > table["t_1"]
    table["y"] = np.where(rises, "up", "down").astype(object)
    problem = ProblemSpec(target="y", task="classification")
    (finding,) = findings(shuffled(table), at_random(len(rises)), problem)
    assert set(finding["columns"]) == set(table) - {"y"}


def test_windows_whose_targets_do_not_go_together_are_told_not_stopped():
    table = windows(np.random.default_rng(2).normal(size=N))
    (finding,) = findings(table, at_random(len(table["y"])))
    assert finding["severity"] == "info"
    assert "do not go together" in finding["message"]


def test_windows_split_by_time_pass():
    table = windows(series(N))
    later = np.where(np.arange(len(table["y"])) < 300, "train", "test").astype(object)
    assert findings(table, later) == []


def test_windows_of_many_entities_split_by_entity_or_at_their_end_pass():
    tables = [windows(series(40, seed)) for seed in range(20)]
    table = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    each = len(tables[0]["y"])
    place, entity = np.arange(20 * each) % each, np.arange(20 * each) // each
    for test in (entity % 4 == 0, place >= each - 6):
        assert findings(table, np.where(test, "test", "train").astype(object)) == []
    assert findings(table, at_random(20 * each))[0]["severity"] == "block"


@pytest.mark.parametrize("make", ["independent", "lags apart", "counters", "few levels", "slow"])
@pytest.mark.some(3)
def test_ordinary_columns_pass(make):
    rng, y = np.random.default_rng(0), series(N + 24)
    now = y[24:]
    table = {
        "independent": {f"x{i}": rng.normal(size=N) for i in range(5)},
        "lags apart": {"lag1": y[23:-1], "lag24": y[:-24], "x": rng.normal(size=N)},
        "counters": {f"x{i}": np.arange(N) + float(i) for i in range(5)},
        "few levels": {f"x{i}": rng.integers(0, 12, N).astype(float) for i in range(5)},
        "slow": {f"x{i}": np.repeat(np.arange(N // 20), 20) * 1.0 for i in range(5)},
    }[make]
    assert findings({**table, "y": now}, at_random(N)) == []


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_odd_tables_do_not_crash_it(data):
    n = data.draw(st.integers(60, 90))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    table = windows(series(n + L))
    for name in list(table)[: data.draw(st.integers(0, L))]:
        odd = data.draw(st.sampled_from([np.nan, np.inf, -0.0, 1e120]))
        table[name][rng.random(n) < data.draw(st.sampled_from([0.1, 0.9, 1.0]))] = odd
    assert len(findings(table, at_random(n))) <= 1


def test_windows_that_overlap_by_half_are_found_without_a_third_one_to_meet():
    values = np.random.default_rng(4).normal(size=5000).round(3)
    half = {name: v for name, v in windows(values, 20, 10).items() if name != "y"}
    half["y"] = np.arange(len(half["t_1"])) % 7 + np.random.default_rng(5).random(len(half["t_1"]))
    found = findings(shuffled(half), at_random(len(half["y"])))
    assert [item["severity"] for item in found] == ["block"]
    apart = {name: v[::2] for name, v in half.items()}
    assert not findings(shuffled(apart), at_random(len(apart["y"])))
