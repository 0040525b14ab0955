"""Totals, ranks and shares over whole groups are found; those of earlier or train rows pass."""

import numpy as np
import pandas as pd
import pytest

from tests.leakage.reports import at_random, loud, report

N = 600
KINDS = ("encoding.summary", "encoding.target")
DAYS = np.datetime64("2021-01-01") + np.arange(N)
MONTH = pd.Series(DAYS.astype("datetime64[M]").astype(str))
WHOLE = {
    "total": lambda y: y.groupby(MONTH).transform("sum"),
    "rounded mean": lambda y: y.groupby(MONTH).transform("mean").round(2),
    "greatest": lambda y: y.groupby(MONTH).transform("max"),
    "rank": lambda y: y.groupby(MONTH).rank(),
    "share": lambda y: y / y.groupby(MONTH).transform("sum"),
}
EARLIER = {
    "so far": lambda y: y.groupby(MONTH).cumsum() - y,
    "last month": lambda y: MONTH.map(y.groupby(MONTH).sum().shift(1)),
}


def orders(made):
    y = pd.Series(np.random.default_rng(0).poisson(90, N) + 30 * np.sin(np.arange(N) / 50)).round(1)
    return {"day": DAYS, "x": np.random.default_rng(1).normal(size=N),
            "made": made(y).to_numpy(float), "y": y.to_numpy()}  # fmt: skip


@pytest.mark.parametrize("way", WHOLE)
@pytest.mark.parametrize("given", [False, True], ids=["own split", "given split"])
@pytest.mark.some(5)
def test_what_sums_up_a_whole_period_warns(way, given):
    part = np.where(np.arange(N) < 450, "train", "test").astype(object) if given else None
    found = report(orders(WHOLE[way]), "y", part, time="day")
    named = loud(found, *KINDS)
    assert [item["columns"] for item in named] == [["made"]]


@pytest.mark.parametrize("way", EARLIER)
def test_what_was_known_before_passes(way):
    assert not loud(report(orders(EARLIER[way]), "y", time="day"))


def shops(over):
    rng = np.random.default_rng(2)
    part, shop = at_random(N), rng.integers(0, 30, N)
    y = pd.Series((rng.normal(size=30)[shop] + rng.normal(size=N)).round(3))
    total = y.where((part == "train") | (over == "all")).groupby(shop).transform("sum")
    names = np.array([f"shop {s}" for s in shop], dtype=object)
    table = {"shop": names, "total": total.to_numpy(), "y": y.to_numpy()}
    return report(table, "y", part)


def test_a_total_of_all_rows_of_a_category_warns_and_of_train_rows_passes():
    assert [item["columns"] for item in loud(shops("all"), *KINDS)] == [["total"]]
    assert not loud(shops("train"), *KINDS)


def test_where_each_entity_started_passes_and_where_it_ends_warns():
    rng = np.random.default_rng(4)
    pig = np.repeat([f"pig {i}" for i in range(60)], 10)
    weight = pd.Series((25 + rng.normal(0, 3, 60).repeat(10) + rng.uniform(5, 8, 600)).round(1))
    weight = weight.groupby(pig).cumsum()
    part = np.where(np.isin(pig, [f"pig {i}" for i in range(45)]), "train", "test").astype(object)

    def named(made):
        table = {"pig": pig.astype(object), "made": made.to_numpy(), "weight": weight.to_numpy()}
        return loud(report(table, "weight", part, group=("pig",)), *KINDS)

    assert not named(weight.groupby(pig).transform("min"))
    assert named(weight.groupby(pig).transform("max"))
