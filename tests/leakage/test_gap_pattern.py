"""Answers asked for after the outcome are told by how many are missing; open forms pass."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 1500


def table(gaps_of, seed=0):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=N), rng.normal(size=N)
    y = x + z + rng.normal(size=N) > 0.5
    made = {"x": x.round(2), "z": z.round(2)}
    for number in range(5):
        answer = rng.integers(1, 6, N).astype(float)
        made[f"q{number}"] = np.where(rng.random(N) < gaps_of(x, y), np.nan, answer)
    return {**made, "y": np.where(y, "yes", "no")}


def test_gaps_that_come_with_the_outcome_are_named_together():
    made = table(lambda x, y: np.where(y, 0.12, 0.5))
    (item,) = loud(report(made, "y", at_random(N)), "missing.together")
    assert (item["severity"], item["columns"]) == ("warn", [f"q{n}" for n in range(5)])
    assert item["fix"][0] == {"path": ["problem", "available_at", "q0"], "value": "after"}


def test_gaps_that_come_with_the_rarest_of_many_classes_are_named_together():
    rng = np.random.default_rng(1)
    kind = rng.choice(8, N, p=[0.13] * 7 + [0.09])
    made = {f"x{n}": (kind % (n + 2) + rng.normal(0, 0.6, N)).round(2) for n in range(4)}
    share = np.where(kind == 7, 0.1, 0.6)
    for number in range(5):
        made[f"q{number}"] = np.where(rng.random(N) < share, np.nan, rng.integers(1, 6, N))
    made["y"] = np.array(list("abcdefgh"), dtype=object)[kind]
    (item,) = loud(report(made, "y", at_random(N)), "missing.together")
    assert item["columns"] == [f"q{n}" for n in range(5)]


@pytest.mark.parametrize("share", [lambda x, y: 0.3, lambda x, y: np.where(x > 0, 0.1, 0.6)])
def test_gaps_by_chance_and_gaps_of_a_known_kind_of_person_pass(share):
    assert not loud(report(table(share), "y", at_random(N)))


def test_one_column_left_open_after_most_outcomes_of_a_class_warns():
    made = table(lambda x, y: np.where(y, 0.06, 0.7))
    kept = {name: made[name] for name in ("x", "z", "q0", "y")}
    (item,) = loud(report(kept, "y", at_random(N)))
    assert (item["kind"], item["columns"]) == ("missing.tells_target", ["q0"])
