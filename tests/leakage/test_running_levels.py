"""Means and sums of the target so far that count the row itself."""

import numpy as np
import pandas as pd
import pytest

from ninefold.leakage.running_levels import RunningLevelCheck
from tests.leakage.reports import asked, at_random

N = 1200


def table(seed=0):
    rng = np.random.default_rng(seed)
    shop = rng.integers(0, 60, N)
    return {
        "day": np.datetime64("2022-01-01") + np.arange(N).astype("timedelta64[D]"),
        "shop": np.array([f"s{i}" for i in shop], dtype=object),
        "x": rng.normal(size=N),
        "sold": (rng.gamma(3, 2, N) * (1 + shop % 3)).round(1),
        "back": np.where(rng.random(N) < 0.3 + 0.1 * (shop % 4), "yes", "no").astype(object),
    }


def so_far(made, y, level):
    return pd.Series(y).groupby(made["shop"]).transform(level).to_numpy()


@pytest.mark.parametrize(
    ("target", "level"),
    [
        ("back", lambda y: y.expanding().mean()),
        ("back", lambda y: y.cumsum()),
        ("sold", lambda y: y.expanding().mean().round(2)),
        ("sold", lambda y: y.rolling(3, min_periods=1).mean()),
    ],
)
def test_levels_that_count_the_row_block(target, level):
    made = table()
    y = made["sold"] if target == "sold" else (made["back"] == "yes").astype(float)
    made["level"] = so_far(made, y, level)
    (finding,) = asked(RunningLevelCheck(), made, target, at_random(N))
    assert (finding.severity, finding.columns) == ("block", ("level",))
    made["level"] = so_far(made, y, lambda y: level(y).shift(1))
    assert not asked(RunningLevelCheck(), made, target, at_random(N))


def test_numbers_of_matched_cases_and_controls_count_no_target():
    made = table()
    made["back"] = np.where(np.arange(N) < N // 3, "yes", "no").astype(object)
    made["set"] = np.tile(np.arange(1.0, N // 3 + 1), 3)
    assert not asked(RunningLevelCheck(), made, "back", at_random(N))


def test_levels_that_never_change_are_none():
    made = table()
    made["sold"] = np.repeat(np.arange(60.0), 20)
    made["shop"] = np.array([f"s{i}" for i in np.repeat(np.arange(60), 20)], dtype=object)
    made["level"] = so_far(made, made["sold"], lambda y: y.expanding().mean())
    assert not asked(RunningLevelCheck(), made, "sold", at_random(N))


def test_a_column_of_zeros_where_a_class_has_ended_is_no_level():
    place, shop = np.arange(600) % 3, np.arange(600) // 3
    sizes = np.random.default_rng(0).random(600).round(2)
    made = {
        "shop": np.array([f"s{i}" for i in shop], dtype=object),
        "spots": np.where(place == 2, 0.0, sizes),
        "ill": np.where(place == 0, "yes", "no").astype(object),
    }
    assert not asked(RunningLevelCheck(), made, "ill", at_random(600))
