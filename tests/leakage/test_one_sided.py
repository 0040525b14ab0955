"""Flags and categories that only one class has warn where they are tied to nothing else."""

import numpy as np
import pytest

from ninefold.leakage.one_sided import OneSidedCheck
from tests.leakage.reports import asked, at_random

N = 2000


def table(seed=0):
    """Two causes of a rare outcome, and noise."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, N))
    y = a + b + rng.logistic(size=N) > 3.0
    return rng, {"a": a, "b": b, "c": rng.normal(size=N), "y": np.where(y, "yes", "no")}, y


def found(data):
    return [item.columns for item in asked(OneSidedCheck(), data, "y", at_random(N))]


@pytest.mark.parametrize("kind", ["flag", "flag, some wrong", "status"])
def test_what_was_written_after_some_outcomes_is_named(kind):
    rng, data, y = table()
    some = y & (rng.random(N) < 0.5)
    status = np.where(some, rng.choice(["refunded", "closed"], N), rng.choice(["open", "new"], N))
    flag = some | ((rng.random(N) < 0.01) & (kind != "flag"))
    data["made"] = status if kind == "status" else flag.astype(float)
    assert found(data) == [("made",)]


def test_a_flag_that_meets_other_rare_ones_by_chance_is_named():
    """A few of a hundred rare flags stand beside a wrong one: chance, and far from normal."""
    rng, data, y = table(1)
    for number in range(100):
        data[f"rare_{number}"] = (rng.random(N) < 0.003).astype(float)
    data["made"] = ((y & (rng.random(N) < 0.6)) | (rng.random(N) < 0.003)).astype(float)
    assert found(data) == [("made",)]


@pytest.mark.parametrize("shares", [(0.6, 0.0), (0.7, 0.35)])
def test_flags_that_are_set_together_do_not_excuse_each_other(shares):
    rng, data, y = table(2)
    some = rng.random(N) < np.where(y, *shares)
    data["dispute"], data["legal"] = some.astype(float), np.where(some, "yes", "no")
    data["fee"] = (some & (rng.random(N) < 0.6)).astype(float)
    assert found(data) == ([] if shares[1] else [("dispute",), ("legal",), ("fee",)])


def test_a_flag_of_its_causes_and_a_flag_of_both_classes_are_silent():
    rng, data, y = table()
    data["symptom"] = (y & (data["a"] + 0.5 * rng.normal(size=N) > 0.7)).astype(float)
    data["common"] = ((rng.random(N) < 0.05) | (y & (rng.random(N) < 0.3))).astype(float)
    assert found(data) == []


def test_sites_that_differ_in_their_classes_altogether_are_silent():
    rng, data, y = table()
    data["site"] = np.where(
        y & (rng.random(N) < 0.4), "north", np.where(rng.random(N) < 0.5 + 0.2 * y, "east", "west")
    )
    assert found(data) == []
