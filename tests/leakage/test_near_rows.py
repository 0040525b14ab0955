"""Copies in disguise are found and named; rows that are close for honest reasons are not."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.near_rows import NearRowsCheck
from ninefold.problem import ProblemSpec

N = 1500
WORDS = np.array("red green blue small large round old new fast slow warm cold".split())  # noqa: SIM905


def table(seed=0):
    """Five numbers, a category and a text; the target is a number."""
    rng = np.random.default_rng(seed)
    data = {f"x{i}": rng.normal(size=N) * (i + 1) for i in range(4)}
    data["whole"] = np.round(rng.gamma(2.0, 20.0, N))
    data["color"] = rng.choice(WORDS[:3], N).astype(object)
    data["note"] = np.array([", ".join(rng.choice(WORDS, 7)) for _ in range(N)], dtype=object)
    data["y"] = data["x0"] + data["x1"] + rng.normal(size=N)
    return data


def case_of(data, part, kind="given", time=None, task="regression"):
    def role(name):
        return frozenset({"target" if name == "y" else "input"})

    kinds = {"color": "category", "note": "text"}
    columns = tuple(Column(n, kinds.get(n, "number"), role(n)) for n in data)
    problem = ProblemSpec(target="y", task=task, time=time)
    return Case(Frame(columns, data, np.arange(len(part))), part, problem, kind)


def parts(count, seed=1):
    rng = np.random.default_rng(seed)
    return rng.choice(["train", "valid", "test"], count, p=[0.6, 0.15, 0.25]).astype(object)


def jittered(copy, rng):
    for name in ("x0", "x1", "x2", "x3", "whole"):
        copy[name] = copy[name] + 0.01 * copy[name].std() * rng.normal(size=len(copy[name]))


def rounded(copy, rng):
    for name in ("x0", "x1", "x2", "x3"):
        copy[name] = np.round(copy[name], 1)


def respelt(copy, rng):
    turned = [" ".join(reversed(note.upper().split(", "))) + "!" for note in copy["note"]]
    copy["note"] = np.array(turned, dtype=object)


def one_cell(copy, rng):
    names = [name for name in copy if name != "y"]
    for row in range(len(copy["y"])):
        name = rng.choice(names)
        copy[name][row] = copy[name][rng.integers(len(copy["y"]))]


DISGUISES = [jittered, rounded, respelt, one_cell]


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda f: f.__name__)
def test_copies_put_into_test_block_and_are_named(disguise):
    data, part, rng = table(), parts(N), np.random.default_rng(2)
    train, test = np.flatnonzero(part == "train"), np.flatnonzero(part == "test")
    planted, origin = test[:50], rng.choice(train, 50, replace=False)
    copy = {name: values[origin].copy() for name, values in data.items()}
    disguise(copy, rng)
    for name, values in data.items():
        values[planted] = copy[name]
    (finding,) = NearRowsCheck().findings(case_of(data, part))
    assert finding.severity in ("block", "warn")
    named = set(finding.rows)
    assert len(named & set(planted.tolist())) >= 40
    assert len(named - set(planted.tolist())) <= 5


@pytest.mark.parametrize("kind", ["given", "stratified"])
@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda f: f.__name__)
def test_copies_all_over_the_table_warn(disguise, kind):
    data, rng = table(), np.random.default_rng(2)
    origin = rng.choice(N, 300, replace=False)
    copy = {name: values[origin].copy() for name, values in data.items()}
    disguise(copy, rng)
    data = {name: np.concatenate([values, copy[name]]) for name, values in data.items()}
    part = parts(N + 300)
    (finding,) = NearRowsCheck().findings(case_of(data, part, kind))
    assert finding.severity == "warn"
    new = np.arange(N, N + 300)
    apart = (part[new] == "test") != (part[origin] == "test")
    pairs = np.concatenate([new[apart], origin[apart]])
    wanted = {int(row) for row in pairs if part[row] == "test"}
    assert len(wanted & set(finding.rows)) >= 0.7 * len(wanted)


def test_copies_that_lack_cells_warn():
    data, rng = table(), np.random.default_rng(2)
    data |= {f"z{i}": rng.normal(size=N) for i in range(8)}
    copy = {name: values[:250].copy() for name, values in data.items()}
    for row in range(250):
        for number in rng.choice(8, 3, replace=False):
            copy[f"z{number}"][row] = np.nan
    data = {name: np.concatenate([values, copy[name]]) for name, values in data.items()}
    (finding,) = NearRowsCheck().findings(case_of(data, parts(N + 250), "stratified"))
    assert finding.severity == "warn"


def test_copies_of_few_cells_warn_although_some_of_them_are_as_near_as_any():
    """Only rows of rare cells, none missing, lie surely beyond what chance gives."""
    rng, count = np.random.default_rng(3), 1100
    data = {
        "name": np.array([f"Person {i}, {rng.choice(WORDS)}" for i in range(count)], dtype=object),
        "class": rng.choice(["1st", "2nd", "3rd"], count).astype(object),
        "age": np.where(rng.random(count) < 0.4, np.nan, np.round(rng.normal(30, 14, count))),
        "y": rng.normal(size=count).round(2),
    }
    copy = {name: values[:90].copy() for name, values in data.items()}
    copy["name"] = np.array([name.upper().replace(",", " ") for name in copy["name"]], dtype=object)
    data = {name: np.concatenate([values, copy[name]]) for name, values in data.items()}
    kinds = {"name": "text", "class": "category"}
    columns = tuple(
        Column(n, kinds.get(n, "number"), frozenset({"target" if n == "y" else "input"}))
        for n in data
    )
    part = parts(count + 90)
    problem = ProblemSpec(target="y", task="regression")
    case = Case(Frame(columns, data, np.arange(len(part))), part, problem, "stratified")
    (finding,) = NearRowsCheck().findings(case)
    assert finding.severity == "warn"


def test_a_noisy_copy_of_every_row_warns():
    data, rng = table(), np.random.default_rng(3)
    copy = {name: values.copy() for name, values in data.items()}
    jittered(copy, rng)
    data = {name: np.concatenate([values, copy[name]]) for name, values in data.items()}
    part = np.where(rng.random(2 * N) < 0.15, "test", "train").astype(object)
    (finding,) = NearRowsCheck().findings(case_of(data, part))
    assert finding.severity == "warn"
    assert len(finding.rows) >= 0.5 * (part == "test").sum()


def moved_beside(times, only=None):
    """A table of few columns, to which rows are added `times` over, moved by a twentieth.

    Those of several are given a target measured anew.
    """
    rng = np.random.default_rng(2)
    first = {n: v for n, v in table().items() if n != "note"}
    kept = np.flatnonzero(first["y"] > 1) if only else np.arange(N)
    more = np.tile(kept, times)
    data = {n: np.concatenate([v, v[more]]) for n, v in first.items()}
    for name in ("x0", "x1", "x2", "x3", "whole"):
        data[name][N:] += 0.05 * data[name].std() * rng.normal(size=len(more))
    if times > 1:
        data["y"][N:] += 0.001 * rng.normal(size=len(more))
    if only:
        data["y"] = (data["y"] > 1).astype(np.float64)
    order = rng.permutation(N + len(more))
    return {n: v[order] for n, v in data.items()}


@pytest.mark.parametrize(("times", "only"), [(1, None), (2, None), (1, 1.0)])
def test_rows_moved_a_little_before_the_split_warn(times, only):
    data = moved_beside(times, only)
    task = "classification" if only else "regression"
    (finding,) = NearRowsCheck().findings(case_of(data, parts(len(data["y"])), task=task))
    assert finding.severity == "warn"
    assert ("rows_together" in finding.evidence) == (times == 2)
    assert not only or np.mean([data["y"][row] == only for row in finding.rows]) >= 0.9


def test_a_part_of_the_rows_moved_a_little_warns_and_most_of_them_are_named():
    first = {n: v for n, v in table().items() if n not in ("note", "whole")}
    rng = np.random.default_rng(4)
    origin = rng.choice(N, N // 5, replace=False)
    data = {n: np.concatenate([v, v[origin]]) for n, v in first.items()}
    for name in ("x0", "x1", "x2", "x3"):
        data[name][N:] += 0.02 * data[name].std() * rng.normal(size=len(origin))
    part = parts(len(data["y"]))
    (finding,) = NearRowsCheck().findings(case_of(data, part, "random"))
    copies = {int(r) for r in [*origin, *range(N, len(part))] if part[r] == "test"}
    both = len(copies & set(finding.rows))
    assert finding.severity == "warn"
    assert both >= 0.5 * len(copies)
    assert both >= 0.8 * len(finding.rows)
    assert quiet(first, parts(N), "random")


def test_two_measurements_of_each_person_with_targets_of_their_own_are_silent():
    data = moved_beside(1)
    data["y"] = np.random.default_rng(3).integers(0, 2, 2 * N).astype(np.float64)
    assert not list(NearRowsCheck().findings(case_of(data, parts(2 * N), task="classification")))


def test_coarsely_rounded_copies_all_over_the_table_warn():
    rng = np.random.default_rng(7)
    data = {f"x{i}": rng.normal(size=N) for i in range(10)}
    data["y"] = sum(data[f"x{i}"] * (i + 1) for i in range(5)) + rng.normal(size=N)
    honest = {name: values.copy() for name, values in data.items()}
    assert quiet(honest, parts(N), "stratified")
    origin = rng.choice(N, 250, replace=False)
    data = {n: np.concatenate([v, np.round(v[origin], 1)]) for n, v in data.items()}
    (finding,) = NearRowsCheck().findings(case_of(data, parts(N + 250), "stratified"))
    copies = set(origin.tolist()) | set(range(N, N + 250))
    assert finding.severity == "warn"
    assert len(set(finding.rows) & copies) >= 0.9 * len(finding.rows)


def quiet(data, part, kind="given", **more):
    found = list(NearRowsCheck().findings(case_of(data, part, kind, **more)))
    return not [item for item in found if item.severity != "info"]


@pytest.mark.parametrize("seed", range(5))
def test_independent_rows_are_silent(seed):
    assert quiet(table(seed), parts(N, seed))


def test_panel_of_entities_is_silent():
    """Ten visits of each of 150 patients: what is measured anew differs."""
    rng = np.random.default_rng(0)
    patient, visit = np.divmod(np.arange(N), 10)
    data = {f"x{i}": rng.normal(size=150)[patient] for i in range(4)}
    data |= {"visit": visit.astype(float), "pulse": rng.normal(size=N)}
    data["y"] = data["x0"] + rng.normal(size=N)
    assert quiet(data, parts(N))


def test_replicates_under_the_same_conditions_are_silent():
    """A third of the rows repeat a setting at another age."""
    rng = np.random.default_rng(0)
    setting = np.where(rng.random(N) < 0.3, rng.integers(0, N, N), np.arange(N))
    data = {f"x{i}": rng.normal(size=N)[setting] for i in range(5)}
    data["age"] = rng.choice([3.0, 7.0, 28.0, 56.0, 90.0], N)
    data["y"] = data["x0"] + np.log(data["age"]) + rng.normal(size=N)
    assert quiet(data, parts(N))


def test_smooth_series_is_silent():
    rng = np.random.default_rng(0)
    data = {f"x{i}": np.cumsum(rng.normal(size=N)) for i in range(5)}
    data["y"] = np.cumsum(rng.normal(size=N))
    assert quiet(data, parts(N))
    assert quiet(data, parts(N), "random")


def test_low_noise_physics_on_a_grid_is_silent():
    rng = np.random.default_rng(0)
    data = {f"x{i}": rng.integers(0, 12, N) / 2.0 for i in range(4)}
    data["y"] = data["x0"] * data["x1"] - data["x2"] + 0.001 * rng.normal(size=N)
    assert quiet(data, parts(N))


def dense(seed=0):
    """Readings of a few levels, so that every row has others as near; a target of many values."""
    rng = np.random.default_rng(seed)
    data = {f"x{i}": np.round(rng.gamma(2.0, 2.0, N)) for i in range(4)}
    data["y"] = np.round(data["x0"] * data["x1"] + data["x2"] + rng.normal(size=N), 2)
    return data


@pytest.mark.parametrize("kind", ["given", "stratified"])
def test_noisy_copies_among_rows_as_near_are_told_by_their_target(kind):
    data, rng = dense(), np.random.default_rng(1)
    origin = rng.choice(N, N // 8, replace=False)
    for name, values in data.items():
        noise = 0.3 * rng.normal(size=len(origin)) if name != "y" else 0.0
        data[name] = np.concatenate([values, values[origin] + noise])
    part = parts(len(data["y"]))
    (finding,) = NearRowsCheck().findings(case_of(data, part, kind))
    copies = {*origin.tolist(), *range(N, N + len(origin))}
    crossed = [row for row in copies if part[row] == "test"]
    assert finding.severity == "warn"
    assert "very target" in finding.message
    assert len(set(finding.rows) & copies) >= 0.8 * len(finding.rows)
    assert len(finding.rows) >= 0.5 * len(crossed)


@pytest.mark.parametrize("kind", ["given", "stratified"])
def test_rows_as_near_with_targets_of_their_own_are_silent(kind):
    assert quiet(dense(), parts(N), kind)


def test_settings_tried_with_what_does_not_matter_are_silent():
    """A formula without noise, once for each of four levels of a column that it does not have."""
    data = {name: np.tile(values[: N // 4], 4) for name, values in dense().items()}
    data["x4"] = np.repeat(np.arange(4.0), N // 4)
    assert quiet(data, parts(N // 4 * 4), "stratified")


def test_prices_of_a_list_are_silent():
    """Bookings at one of many rates, each rate for much the same rooms and months."""
    rng = np.random.default_rng(0)
    rate = rng.integers(0, N // 10, N)
    month, room = rng.uniform(0, 12, N // 10), rng.uniform(0, 5, N // 10)
    data = {
        "month": month[rate] + 0.3 * rng.normal(size=N),
        "room": room[rate] + 0.3 * rng.normal(size=N),
        "lead_time": rng.gamma(2.0, 20.0, N),
    }
    data["y"] = np.round(50 + 9 * month - 7 * room + rng.normal(size=N // 10), 1)[rate]
    assert quiet(data, parts(N), "stratified")


def test_copies_with_two_of_many_cells_changed_warn():
    rng = np.random.default_rng(5)
    data = {f"x{i}": rng.normal(size=N) for i in range(12)}
    data["y"] = (data["x0"] > 0).astype(np.int64)
    origin = rng.choice(N, N // 8, replace=False)
    more = {n: v[origin].copy() for n, v in data.items()}
    for row in range(len(origin)):
        for column in rng.choice(12, 2, replace=False):
            more[f"x{column}"][row] = rng.normal()
    data = {n: np.concatenate([v, more[n]]) for n, v in data.items()}
    part = parts(len(data["y"]))
    found = NearRowsCheck().findings(case_of(data, part, "stratified", task="classification"))
    (finding,) = found
    copies = {r for r in (*origin.tolist(), *range(N, len(part))) if part[r] == "test"}
    assert finding.severity == "warn"
    assert len(set(finding.rows) & copies) >= 0.8 * len(finding.rows)
