"""Series standardised by all of their rows warn; by those up to the present they do not."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.scaled_inside import ScaledInsideCheck
from ninefold.problem import ProblemSpec

SHOPS, DAYS = 12, 60


def scaled(x, rows):
    return (x - x[:, rows].mean(axis=1, keepdims=True)) / x[:, rows].std(axis=1, keepdims=True)


def found(values, time="day", decimals=4):
    """Audit a column `(SHOPS, DAYS)` of a panel whose last days are the test part."""
    rng = np.random.default_rng(1)
    day = np.tile(np.arange(DAYS), SHOPS).astype(np.float64)
    shop = np.array([f"s{i}" for i in np.repeat(np.arange(SHOPS), DAYS)], dtype=object)
    data = {"day": day, "shop": shop, "level": values.ravel().round(decimals)}
    data["y"] = rng.normal(size=len(day))
    columns = [
        Column("day", "number", frozenset({"input", "time"} if time else {"input"})),
        Column("shop", "category", frozenset({"input"})),
        Column("level", "number", frozenset({"input"})),
        Column("y", "number", frozenset({"target"})),
    ]
    part = np.where(day < 45, "train", "test").astype(object)
    frame = Frame(tuple(columns), data, np.arange(len(day)))
    problem = ProblemSpec(target="y", task="regression", time=time)
    return list(ScaledInsideCheck().findings(Case(frame, part, problem, "time")))


def walks(seed=0):
    return np.random.default_rng(seed).normal(size=(SHOPS, DAYS)).cumsum(axis=1) * 3 + 40


@pytest.mark.parametrize("decimals", [2, 4, 12])
def test_series_scaled_by_all_of_their_rows_warn(decimals):
    (finding,) = found(scaled(walks(), slice(None)), decimals=decimals)
    assert (finding.columns, finding.severity) == (("level",), "warn")


def test_series_scaled_by_train_rows_each_day_or_without_time_are_silent():
    x = walks()
    assert not found(scaled(x, slice(0, 45)))
    assert not found(scaled(x.T, slice(None)).T)
    assert not found(x)
    assert not found(scaled(x, slice(None)), time=None)


def test_a_plan_that_every_series_repeats_is_silent():
    assert not found(np.tile(scaled(walks()[:1], slice(None)), (SHOPS, 1)))
