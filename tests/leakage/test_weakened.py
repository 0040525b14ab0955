"""What told the target until some day, and nothing since, is named; slow drift passes."""

import numpy as np
import pytest

from tests.leakage.reports import loud, report

N = 1500


def claims(seed, is_number):
    rng = np.random.default_rng(seed)
    day = np.datetime64("2020-01-01") + np.arange(N)
    x = rng.normal(size=N)
    level = x + rng.normal(size=N)
    y = level.round(3) if is_number else np.where(level > 0.8, "bad", "good")
    return rng, level if is_number else 2.0 * (level > 0.8), {"day": day, "x": x, "y": y}


def found(table):
    """Return what is said of it, be it beside something stronger on the same column."""
    items = loud(report(table, "y", time="day"))
    kinds = [{item["kind"], *item["evidence"].get("also", [])} for item in items]
    return [i for i, k in zip(items, kinds, strict=True) if "target.weakened" in k]


@pytest.mark.parametrize("is_number", [False, True])
@pytest.mark.parametrize("known", [0.7, 0.79])
@pytest.mark.some(2)
def test_a_score_that_is_corrected_afterwards_is_named(is_number, known):
    rng, y, table = claims(0, is_number)
    old = np.arange(N) < known * N
    table["score"] = np.where(old, y, 0) + 0.6 * rng.normal(size=N)
    (item,) = found(table)
    assert item["columns"] == ["score"]


def test_a_count_that_is_filled_in_by_and_by_is_named():
    rng, y, table = claims(2, is_number=False)
    seen = rng.random(N) < 1 - np.exp(-np.arange(N)[::-1] / 300)
    table["reminders"] = np.where((y > 0) & seen, rng.integers(3, 9, N), rng.poisson(0.6, N))
    (item,) = found(table)
    assert item["columns"] == ["reminders"]


@pytest.mark.parametrize("is_number", [False, True])
def test_ties_that_weaken_slowly_and_trends_that_part_pass(is_number):
    rng, y, table = claims(1, is_number)
    table["fading"] = y * np.linspace(1, 0.4, N) + 0.6 * rng.normal(size=N)
    trend = np.linspace(0, 9, N)
    if is_number:
        table["y"] = table["y"] + trend
    table["trend"] = np.minimum(trend, 7) + 0.1 * rng.normal(size=N)
    assert found(table) == []
