"""Declared entities in several parts, also under dirty names."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec, audit
from ninefold.leakage.group import fold
from ninefold.problem import ProblemSpec
from tests.leakage.reports import at_random, loud, report

N = 600
PROBLEM = ProblemSpec(target="y", task="regression", group=("who",))


def table(who, day=None):
    rng = np.random.default_rng(0)
    columns = [
        Column("who", "category", frozenset({"group"})),
        Column("x", "number", frozenset({"input"})),
        Column("y", "number", frozenset({"target"})),
    ]
    data = {"who": who, "x": rng.normal(size=len(who)), "y": rng.normal(size=len(who))}
    if day is not None:
        columns.append(Column("day", "number", frozenset({"input", "time"})))
        data["day"] = day
    return Frame(tuple(columns), data, np.arange(len(who)))


def overlaps(frame, part, problem=PROBLEM):
    found = audit(frame, part, problem, AuditSpec(), "given")["findings"]
    return [item for item in found if item["kind"] == "group.overlap"]


def by_entity():
    """Names of 120 entities and a split that keeps each in one part."""
    number = np.arange(N) % 120
    part = np.where(number < 30, "test", "train").astype(object)
    return number, part


@pytest.mark.parametrize(
    ("a", "b"), [("ID-007", "id 7"), ("Müller, Ann", "ANN MULLER"), (" x1", "X-01")]
)
def test_names_fold_to_one(a, b):
    assert fold(a) == fold(b)


@pytest.mark.parametrize(
    ("a", "b"), [("ID-70", "ID-7"), ("anna", "anne"), ("1.5", "15"), ("12-05", "1-205")]
)
def test_different_names_stay_different(a, b):
    assert fold(a) != fold(b)


def test_dirty_keys_block_and_name_the_rows():
    number, part = by_entity()
    clean = np.array([f"ID-{i:03d}" for i in number], dtype=object)
    assert overlaps(table(clean), part) == []
    dirty = clean.copy()
    planted = np.flatnonzero(part == "test")[:20]
    dirty[planted] = [f"id {i}" for i in number[np.flatnonzero(part == "train")[:20]]]
    (finding,) = overlaps(table(dirty), part)
    assert finding["severity"] == "block"
    assert finding["rows"] == planted.tolist()
    assert "spellings" in finding["evidence"]


def test_legal_forms_of_a_firm_are_set_aside_where_it_stands_without_one():
    number, part = by_entity()
    firm = np.array([f"{a}{b} Foods" for a in "abcdefghijkl" for b in "mnopqrstuv"], dtype=object)
    names = firm[number]
    planted = np.flatnonzero(part == "test")[:20]
    names[planted] = firm[number[np.flatnonzero(part == "train")[:20]]] + " Ltd."
    (finding,) = overlaps(table(names), part)
    assert finding["rows"] == planted.tolist()
    apart = np.array([f"Zone {a}" for a in ("AB", "AG", "SA", "SE")], dtype=object)[number % 4]
    assert overlaps(table(apart), np.where(number % 4 == 0, "test", "train").astype(object)) == []


def test_a_name_or_two_spelt_twice_are_told_not_blocked():
    number, part = by_entity()
    names = np.array([f"ID-{i:03d}" for i in number], dtype=object)
    names[np.flatnonzero(part == "test")[0]] = "id 77"
    (finding,) = overlaps(table(names), part)
    assert finding["severity"] == "info"


def test_entities_that_recur_under_a_split_by_time_are_told_not_warned():
    who = np.array([f"shop {i % 20}" for i in range(N)], dtype=object)
    part = np.where(np.arange(N) < 450, "train", "test").astype(object)
    frame = table(who, np.arange(N, dtype=np.float64))
    problem = PROBLEM.model_copy(update={"time": "day"})
    (finding,) = overlaps(frame, part, problem)
    assert finding["severity"] == "info"
    shuffled = np.random.default_rng(0).permutation(part)
    (finding,) = overlaps(frame, shuffled, problem)
    assert finding["severity"] == "block"


def test_entities_shared_by_train_and_valid_alone_warn():
    number, part = by_entity()
    part[(part == "train") & (number >= 100)] = "valid"
    names = np.array([f"ID-{i:03d}" for i in number], dtype=object)
    assert overlaps(table(names), part) == []
    shared = np.flatnonzero(part == "train")[::9]
    part[shared] = "valid"
    (finding,) = overlaps(table(names), part)
    assert finding["severity"] == "warn"
    assert finding["rows"] == shared.tolist()
    assert "share_of_valid" in finding["evidence"]


def test_a_fact_of_entities_that_the_split_keeps_apart_tells_nothing():
    rng = np.random.default_rng(4)
    pen = np.repeat(np.arange(60), 12)
    dose = rng.integers(0, 3, 60)[pen]
    made = {
        "pen": np.array([f"P{k:02d}" for k in pen], dtype=object),
        "weight": rng.normal(30, 4, 720) + dose,
        "dose": np.array(["none", "low", "high"], dtype=object)[dose],
    }
    apart = np.where(pen < 45, "train", "test").astype(object)
    assert not loud(report(made, "dose", apart), "target.determines", "target.noisy")
    numbers = {**made, "pen": 4600.0 + pen}
    assert not loud(report(numbers, "dose", apart), "target.determines", "target.noisy")
    assert loud(report(made, "dose", at_random(720)))
