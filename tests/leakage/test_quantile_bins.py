"""Bins cut at quantiles of all rows warn; of the train rows, designs and calendars are silent."""

import numpy as np
import pytest

from ninefold.leakage.quantile_bins import QuantileBinsCheck
from tests.leakage.reports import asked, at_random

N = 900


def binned(known, bins=6, decimals=9):
    rng = np.random.default_rng(0)
    x = np.round(rng.normal(size=(N, 3)) @ rng.normal(size=(3, 3)), decimals)
    cut = [np.quantile(v[known], np.linspace(0, 1, bins + 1)[1:-1]) for v in x.T]
    table = {f"x{i}": np.searchsorted(cut[i], x[:, i]).astype(float) for i in range(3)}
    return {**table, "y": x[:, 0] + rng.normal(size=N)}


def found(table, part):
    return [item.columns for item in asked(QuantileBinsCheck(), table, "y", part)]


@pytest.mark.parametrize("decimals", [9, 3])
def test_bins_of_all_rows_are_named_and_those_of_train_are_silent(decimals):
    """Of numbers with three decimals some are equal where bins are cut."""
    part = at_random(N)
    assert found(binned(np.ones(N, dtype=bool), 6, decimals), part) == [("x0", "x1", "x2")]
    assert not found(binned(part == "train", 6, decimals), part)


def test_a_design_and_a_calendar_are_silent():
    row, rng = np.arange(N), np.random.default_rng(1)
    table = {
        "dose": row % 3.0,
        "site": row // 3 % 5.0,
        "block": row // 15 % 6.0,
        "region": (row // 3 % 5.0 > 2).astype(float),
        "y": rng.normal(size=N),
    }
    assert not found(table, at_random(N))


def test_hours_and_weekdays_of_a_year_without_a_few_hours_are_silent():
    rng = np.random.default_rng(1)
    row = np.sort(rng.choice(8736, 8730, replace=False))
    table = {"hour": row % 24.0, "weekday": row // 24 % 7.0, "shift": row % 24 // 8.0}
    assert not found(table | {"y": rng.normal(size=8730)}, at_random(8730))
