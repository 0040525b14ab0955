"""A series split at random is asked about; dated records that do not follow each other are not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 400
DAYS = np.datetime64("2020-01-01") + np.arange(N)


def table(y, days=DAYS):
    return {"day": days, "x": np.random.default_rng(3).normal(size=N), "y": y}


def walk(seed=0):
    return np.cumsum(np.random.default_rng(seed).normal(size=N)) + 50


@pytest.mark.parametrize("target", [walk(), np.where(walk() > 55, "up", "down").astype(object)])
def test_a_regular_series_under_a_random_split_warns(target):
    found = loud(report(table(target), "y", at_random(N)), "time.undeclared")
    assert [item["columns"] for item in found] == [["day"]]


def test_months_are_even_steps_too():
    months = (np.datetime64("1990-01") + np.arange(N)).astype("datetime64[D]")
    found = loud(report(table(walk(), months), "y", at_random(N)), "time.undeclared")
    assert [item["columns"] for item in found] == [["day"]]


def test_records_of_some_day_and_a_split_by_time_pass():
    noise = np.random.default_rng(1).normal(size=N)
    some_day = np.random.default_rng(2).permutation(DAYS)
    later = np.where(np.arange(N) < 300, "train", "test").astype(object)
    for made, part in (
        (table(noise), at_random(N)),
        (table(walk(), some_day), at_random(N)),
        (table(walk()), later),
    ):
        assert not loud(report(made, "y", part), "time.undeclared")
