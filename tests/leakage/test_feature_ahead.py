"""Columns computed from another feature's later rows are named; those from earlier rows pass."""

import numpy as np
import pandas as pd
import pytest

from tests.leakage.reports import loud, report

N = 300
AHEAD = {
    "centred mean": lambda x: x.rolling(5, center=True).mean(),
    "centred mean, rounded": lambda x: x.rolling(7, center=True).mean().round(2),
    "mean of the next": lambda x: x[::-1].rolling(3).mean()[::-1].shift(-1),
    "change to the next": lambda x: x.shift(-1) - x,
    "highest of the next": lambda x: x[::-1].rolling(5).max()[::-1].shift(-1),
    "rise to the highest of the next": lambda x: x[::-1].rolling(3).max()[::-1].shift(-1) - x,
}
BEHIND = {
    "mean of the last": lambda x: x.rolling(5).mean(),
    "last": lambda x: x.shift(1),
    "change from the last": lambda x: x.diff(),
    "in other units": lambda x: 1.8 * x + 32,
    "smoothed": lambda x: x.ewm(alpha=0.2).mean(),
    "highest of the last": lambda x: x.rolling(5).max(),
    "fall from the highest": lambda x: x - x.shift(1).rolling(5).max(),
}


def weather(smooth, seed=0):
    """A feature by day, white or a random walk, and a target that follows it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=N) if smooth else np.cumsum(rng.normal(size=N))
    day = np.datetime64("2021-01-01") + np.arange(N)
    return pd.DataFrame({"day": day, "x": x, "w": rng.normal(size=N), "y": x + rng.normal(size=N)})


def found(table, **declared):
    arrays = {name: table[name].to_numpy() for name in table}
    return loud(report(arrays, "y", **declared), "time.feature_ahead")


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("name", AHEAD)
@pytest.mark.some(5)
def test_a_column_from_later_rows_of_a_feature_is_named(name, smooth):
    table = weather(smooth)
    table["made"] = AHEAD[name](table["x"])
    (item,) = found(table.sample(frac=1, random_state=1), time="day")
    assert item["columns"] == ["made"]
    assert item["evidence"]["computed_from"] == "x"
    assert item["fix"] == [{"path": ["problem", "available_at", "made"], "value": "after"}]


@pytest.mark.parametrize("smooth", [True, False])
def test_columns_from_earlier_rows_pass(smooth):
    table = weather(smooth)
    for name, make in BEHIND.items():
        table[name] = make(table["x"])
    assert found(table, time="day") == []


def test_lags_and_means_of_the_target_pass_though_they_read_as_ahead_of_a_longer_lag():
    table = weather(smooth=False)
    past = table["y"].shift(1)
    table["last week"], table["week"] = table["y"].shift(7), past.rolling(7).mean()
    assert found(table, time="day") == []


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_an_exponential_mean_of_the_target_passes_beside_a_longer_lag(digits):
    table = weather(smooth=True)
    table["last week"] = table["y"].shift(7)
    table["lately"] = (3 * table["y"].shift(1)).ewm(span=5).mean().round(digits)
    assert found(table, time="day") == []


def test_an_exponential_mean_from_the_end_is_named():
    table = weather(smooth=False)
    table["made"] = table["x"][::-1].ewm(span=3).mean()[::-1].round(2)
    (item,) = found(table, time="day")
    assert item["columns"] == ["made"]


def test_each_entity_is_a_series_of_its_own():
    rng = np.random.default_rng(3)
    x = pd.Series(rng.normal(size=N)).groupby(np.arange(N) // 30)
    day = np.datetime64("2021-01-01") + np.arange(N) % 30
    values = x.obj
    table = pd.DataFrame({"day": day, "site": [f"s{i // 30}" for i in range(N)], "x": values})
    table["y"] = values + rng.normal(size=N)
    table["made"] = x.transform(lambda v: v.rolling(3, center=True).mean())
    (item,) = found(table, time="day", group=["site"])
    assert item["columns"] == ["made"]


def test_a_number_of_the_entity_in_the_numbers_of_its_rows_passes():
    rng = np.random.default_rng(4)
    school = np.arange(1200) // 30
    table = pd.DataFrame({"school": school, "class": 10 * (school + 1)})
    table["pupil"] = 1000 * (school + 1) + np.arange(1200) % 30
    table["y"] = rng.normal(size=1200)
    assert not found(table, group=["school"])


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("step", [1, 3])
def test_the_next_row_of_a_feature_that_moves_with_the_target_is_asked_about(step, smooth):
    table = weather(smooth)
    (finding,) = found(table.assign(f=table.x.shift(-step)).dropna(), time="day")
    assert (finding["columns"], finding["severity"]) == (["f"], "warn")


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("weight", [0.0, 0.7])
def test_a_lag_that_tells_too_is_silent(weight, smooth):
    table = weather(smooth)
    table = table.assign(f=table.x.shift(2), y=table.y + weight * table.x.shift(2)).dropna()
    assert not found(table, time="day")


def test_what_is_sold_is_no_maximum_of_its_own_lag_where_it_mostly_falls():
    rng = np.random.default_rng(0)
    sold = np.round(np.exp(4 + np.cumsum(rng.normal(-0.15, 0.3, (120, 10)), axis=1)))
    table = pd.DataFrame(
        {"firm": np.repeat(np.arange(120.0), 9), "year": np.tile(np.arange(9.0), 120)}
    )
    table["sold"], table["sold last year"] = sold[:, 1:].ravel(), sold[:, :-1].ravel()
    table["y"] = rng.normal(size=len(table))
    assert found(table, time="year", group=("firm",)) == []


def test_a_series_without_numbers_passes():
    rng = np.random.default_rng(4)
    day = np.datetime64("2021-01-01") + np.arange(600)
    table = pd.DataFrame({"day": day, "sky": rng.choice(["dry", "wet"], 600)})
    table["y"] = rng.normal(size=600)
    assert not found(table, time="day")


@pytest.mark.parametrize(("ahead", "told"), [(0, []), (2, [["mean"]])])
def test_a_mean_longer_than_a_window_passes_where_the_lags_of_its_source_stand_beside(ahead, told):
    """A lag's later rows are what a shorter lag holds."""
    rng = np.random.default_rng(3)
    x = pd.Series(100 + np.cumsum(rng.normal(size=900)).round(2))
    table = pd.DataFrame({"day": np.datetime64("2021-01-01") + np.arange(900)})
    for k in (1, 2, 5):
        table[f"lag {k}"] = x.shift(k)
    table["mean"] = x.shift(1 - ahead).rolling(20).mean().round(2)
    table["y"] = rng.normal(size=900)
    assert [
        item["columns"] for item in found(table.dropna().reset_index(drop=True), time="day")
    ] == told
