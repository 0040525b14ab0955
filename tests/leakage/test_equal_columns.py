"""Two columns that are equal in the rows of one class only are named; honest equals are not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 600


def survival(rng, censored):
    """Return a table of follow-up and duration, equal where `censored` `(N,)`."""
    followed = rng.integers(70, 82, N).astype(float)
    lasted = np.where(censored, followed, rng.integers(1, 80, N).clip(1, followed - 1))
    return {"followed": followed, "lasted": lasted, "age": rng.normal(40, 9, N).round()}


def test_columns_equal_in_one_class_only_are_named():
    rng = np.random.default_rng(0)
    censored = rng.random(N) < 0.6
    table = survival(rng, censored) | {"y": np.where(censored, "yes", "no").astype(object)}
    (found,) = loud(report(table, "y", at_random(N)), "target.equality")
    assert (found["severity"], set(found["columns"])) == ("warn", {"followed", "lasted"})


def test_words_that_are_equal_in_one_class_only_are_named():
    rng = np.random.default_rng(1)
    towns = np.array([f"town {n}" for n in range(25)], dtype=object)
    sent, met = (towns[rng.integers(25, size=N)] for _ in range(2))
    met = np.where(rng.random(N) < 0.5, sent, met)
    table = {"sent": sent, "met": met, "y": np.where(sent == met, "kept", "moved").astype(object)}
    assert loud(report(table, "y", at_random(N)), "target.equality")


def test_columns_that_are_often_equal_and_say_little_are_not():
    rng = np.random.default_rng(2)
    equal = rng.random(N) < 0.6
    y = np.where(rng.random(N) < np.where(equal, 0.9, 0.1), "yes", "no")
    table = survival(rng, equal) | {"y": y.astype(object)}
    assert not loud(report(table, "y", at_random(N)), "target.equality")


def customers(rng, ended, unit):
    """Return a table of first days, as `unit` gives them, and the days since: to one day for all,
    but where it `ended` `(N,)`.
    """
    since = rng.integers(50, 1500, N)
    first = 2000 - since
    return {
        "first": unit(first),
        "lasted": np.where(ended, (since * rng.random(N)).astype(int), since),
        "age": rng.normal(40, 9, N).round(),
    }


@pytest.mark.parametrize("unit", [np.asarray, lambda days: days.astype("datetime64[D]")])
def test_days_that_add_up_to_one_day_in_one_class_only_are_named(unit):
    rng = np.random.default_rng(3)
    ended = rng.random(N) < 0.4
    table = customers(rng, ended, unit) | {"y": np.where(ended, "left", "is here").astype(object)}
    (found,) = loud(report(table, "y", at_random(N)), "target.equality")
    assert set(found["columns"]) == {"first", "lasted"}
    assert "`lasted` is always the same where `y` is is here" in found["message"]


def test_days_that_add_up_to_one_day_but_in_one_of_three_classes_are_named():
    rng = np.random.default_rng(5)
    ended = rng.random(N) < 0.3
    y = np.where(ended, "left", rng.choice(["basic", "plus"], N)).astype(object)
    (found,) = loud(report(customers(rng, ended, np.asarray) | {"y": y}, "y", at_random(N)))
    assert (found["kind"], set(found["columns"])) == ("target.equality", {"first", "lasted"})
    assert "but where `y` is left" in found["message"]


def test_days_that_add_up_to_one_day_in_every_class_are_not_named():
    rng = np.random.default_rng(4)
    ended = rng.random(N) < 0.4
    table = customers(rng, ended & False, np.asarray)
    table["y"] = np.where(ended, "left", "is here").astype(object)
    assert not loud(report(table, "y", at_random(N)), "target.equality")


def test_days_that_add_up_to_one_day_are_named_behind_many_other_columns():
    rng = np.random.default_rng(3)
    ended = rng.random(N) < 0.4
    pixels = {f"p{n}": rng.integers(0, 9, N) for n in range(70)}
    table = pixels | customers(rng, ended, np.asarray)
    label = np.where(ended, "left", "is here").astype(object)
    (found,) = loud(report(table | {"y": label}, "y", at_random(N)), "target.equality")
    assert set(found["columns"]) == {"first", "lasted"}
