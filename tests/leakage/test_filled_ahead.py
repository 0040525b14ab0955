"""A sparse record of the target filled in from later rows looks ahead; the last value does not."""

import numpy as np
import pandas as pd
import pytest

from tests.leakage.reports import loud, report


def sparse(fill, digits=9):
    """A walk by day, and what was known of it every few days, filled in between."""
    rng = np.random.default_rng(1)
    y = pd.Series(200 + np.cumsum(rng.normal(size=900))).round(digits)
    known = y.where(rng.random(900) < 0.25)
    table = {
        "day": np.datetime64("2021-01-01") + np.arange(900),
        "rain": rng.gamma(0.5, 2, 900),
        "record": fill(known).to_numpy(),
        "y": y.to_numpy(),
    }
    kept = np.isfinite(table["record"])
    table = {name: values[kept] for name, values in table.items()}
    part = np.where(np.arange(kept.sum()) < 650, "train", "test").astype(object)
    return loud(report(table, "y", part, time="day"), "time.look_ahead")


@pytest.mark.parametrize(
    "fill",
    [pd.Series.interpolate, pd.Series.bfill, lambda known: known.shift(-1).bfill()],
    ids=["on the line", "next known", "next known of later rows"],
)
def test_what_is_filled_in_from_later_rows_is_named(fill):
    (found,) = sparse(fill)
    assert found["columns"] == ["record"]


def test_whole_numbers_that_are_filled_in_are_named_too():
    (found,) = sparse(pd.Series.interpolate, digits=0)
    assert found["columns"] == ["record"]


def test_a_rounded_lag_whose_gaps_are_filled_from_later_rows_is_named():
    (found,) = sparse(lambda known: known.shift(1).bfill().round(2))
    assert found["columns"] == ["record"]


@pytest.mark.parametrize(
    "fill",
    [
        pd.Series.ffill,
        lambda known: known.shift(1).ffill(),
        lambda known: known.shift(1).ffill().round(2),
        lambda known: known.interpolate().shift(90).bfill(),
    ],
)
def test_the_last_known_value_passes(fill):
    assert not sparse(fill)
    assert not sparse(fill, digits=0)
