"""Columns from the future are found in whatever order the rows stand; honest lags pass."""

import numpy as np
import pandas as pd
import pytest

from ninefold.columns import Column, Frame
from ninefold.config import validate
from ninefold.leakage import AuditSpec
from ninefold.leakage.audit import audit
from ninefold.problem import ProblemSpec
from ninefold.splitting import split
from tests.leakage.reports import loud
from tests.leakage.reports import report as report_of

N = 400
WALK = ProblemSpec(target="y", task="regression", time="day")


def walk(seed=0, n=N, smooth=False):
    """A random walk with a feature that follows it, by day."""
    rng = np.random.default_rng(seed)
    y = pd.Series(rng.normal(size=n) if smooth else np.cumsum(rng.normal(size=n)))
    return pd.DataFrame({"day": np.arange(n), "x": y + rng.normal(size=n), "y": y})


def findings(table, problem=WALK, part=None):
    columns, data = [], {}
    for name in table:
        is_number = pd.api.types.is_numeric_dtype(table[name])
        roles = {"target"} if name == problem.target else {"input"}
        roles |= {"time"} if name == problem.time else set()
        roles = {"group"} if name in problem.group else roles
        columns.append(Column(name, "number" if is_number else "category", frozenset(roles)))
        values = table[name].to_numpy(float if is_number else object)
        data[name] = values
    frame = Frame(tuple(columns), data, np.arange(len(table)))
    kind = "given"
    if part is None:
        parts = split(frame, problem, validate("split", {}))
        part, kind = parts.part, parts.manifest["split"]["like"]
    report = audit(frame, part, problem, AuditSpec(), kind)
    return [f for f in report["findings"] if f["kind"] == "time.look_ahead"]


AHEAD = {
    "next": lambda y: y.shift(-1),
    "next but six in other units": lambda y: 3 - 2 * y.shift(-7),
    "centred mean": lambda y: y.rolling(5, center=True, min_periods=1).mean().round(3),
    "largest of the next": lambda y: y[::-1].rolling(5).max()[::-1].shift(-1),
    "change to the next": lambda y: y.shift(-1) - y,
    "sum still to come": lambda y: y[::-1].cumsum()[::-1],
    "fall to the smallest of the next": lambda y: y[::-1].rolling(8).min()[::-1].shift(-1) - y,
    "smoothed backwards": lambda y: y[::-1].ewm(alpha=0.3, adjust=False).mean()[::-1],
}
PAST = {
    "last": lambda y: y.shift(1),
    "mean of the last": lambda y: y.shift(1).rolling(5).mean(),
    "largest so far": lambda y: y.shift(1).cummax(),
    "sum so far": lambda y: y.shift(1).cumsum(),
    "smoothed past": lambda y: y.shift(1).ewm(alpha=0.3).mean(),
    "change before": lambda y: y.shift(1).diff(),
}


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("name", AHEAD)
@pytest.mark.some(8)
def test_a_column_from_the_future_blocks_in_any_row_order(name, smooth):
    table = walk(smooth=smooth)
    table["leak"] = AHEAD[name](table["y"])
    shuffled = table.sample(frac=1, random_state=0).reset_index(drop=True)
    (finding,) = findings(shuffled)
    assert (finding["columns"], finding["severity"]) == (["leak"], "block")
    assert finding["fix"] == [{"path": ["problem", "available_at", "leak"], "value": "after"}]


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("name", PAST)
@pytest.mark.some(5)
def test_a_column_from_the_past_passes(name, smooth):
    table = walk(smooth=smooth)
    table["lag"] = PAST[name](table["y"])
    assert findings(table) == []


PRESENT = {
    "mean with the present": lambda y: y.rolling(5).mean(),
    "change from the last": lambda y: y.diff(),
    "sum with the present": lambda y: y.cumsum(),
    "change to the mean of the last": lambda y: y.shift(1).rolling(7).mean() - y,
}


@pytest.mark.parametrize("name", PRESENT)
def test_a_column_that_holds_the_present_target_warns(name):
    table = walk()
    table["leak"] = PRESENT[name](table["y"])
    (finding,) = findings(table)
    assert (finding["columns"], finding["severity"]) == (["leak"], "warn")


def test_the_next_value_with_noise_warns():
    table = walk()
    table["leak"] = table["y"].shift(-1) + np.random.default_rng(1).normal(size=N) * 0.3
    (finding,) = findings(table)
    assert finding["columns"] == ["leak"]


@pytest.mark.parametrize(("shift", "told"), [(-1, ["warn"]), (1, [])])
def test_noise_as_large_as_small_entities_hides_nothing_of_large_ones(shift, told):
    rng, size = np.random.default_rng(1), np.repeat(10.0 ** np.linspace(0, 3, 12), 50)
    moves = np.exp(0.2 * rng.normal(size=600))
    table = pd.DataFrame({"town": np.repeat(list("abcdefghijkl"), 50), "day": list(range(50)) * 12})
    table["y"] = size * moves
    table["leak"] = table.groupby("town")["y"].shift(shift) + 20 * rng.normal(size=600)
    problem = ProblemSpec(target="y", task="regression", time="day", group=("town",))
    assert [item["severity"] for item in findings(table, problem)] == told


def test_look_ahead_within_entities_is_found_and_an_honest_lag_is_not():
    tables = [walk(seed, 30).assign(shop=f"shop {seed}") for seed in range(20)]
    table = pd.concat(tables, ignore_index=True).sample(frac=1, random_state=0)
    table = table.reset_index(drop=True)
    ordered = table.sort_values("day").groupby("shop")["y"]
    table["next"] = ordered.shift(-1)
    table["last"] = ordered.shift(1)
    declared = WALK.model_copy(update={"group": ("shop",)})
    for problem in (WALK, declared):
        (finding,) = findings(table, problem)
        assert finding["columns"] == ["next"]


@pytest.mark.parametrize("shift", [-1, 1])
def test_entities_of_whom_some_have_two_records_of_a_moment_are_series(shift):
    rng = np.random.default_rng(0)
    table = pd.concat(
        [walk(seed, 30).assign(player=f"p{seed}") for seed in range(20)], ignore_index=True
    )
    again = rng.choice(600, 45, replace=False)
    twice = table.iloc[np.sort(np.concatenate([np.arange(600), again]))].reset_index(drop=True)
    twice["y"] += rng.normal(size=len(twice))
    twice["near"] = twice.groupby("player")["y"].shift(shift)
    found = findings(twice.dropna().reset_index(drop=True))
    assert [f["columns"] for f in found if f["kind"] == "time.look_ahead"] == (
        [["near"]] * (shift == -1)
    )


def test_a_target_that_is_itself_shifted_leaves_its_lags_honest():
    table = walk()
    table["price"] = table["y"].shift(1)
    assert findings(table.dropna().reset_index(drop=True)) == []


RECENT = {
    "last but four": lambda y: y.shift(5),
    "mean of the last": lambda y: y.shift(1).rolling(4).mean(),
}


@pytest.mark.parametrize("name", RECENT)
def test_targets_that_the_horizon_leaves_open_are_asked_about(name):
    table = walk()
    table["recent"], table["known"] = RECENT[name](table["y"]), table["y"].shift(6)
    assert findings(table) == []
    (finding,) = findings(table, WALK.model_copy(update={"horizon": 6.0}))
    assert (finding["columns"], finding["severity"]) == (["recent"], "warn")
    assert "known only 6 after its row" in finding["message"]


@pytest.mark.parametrize("of", ["this", "last"])
def test_a_mean_that_is_kept_over_a_week_warns_if_it_is_of_days_to_come(of):
    table = walk(n=1400)
    week = table["day"] // 7
    level = table.sample(frac=0.9, random_state=0).groupby(week)["y"].mean()
    table["level"] = week.map(level if of == "this" else level.shift(1))
    found = findings(table.sample(frac=0.97, random_state=1).reset_index(drop=True))
    assert [f["columns"] for f in found] == [["level"]] * (of == "this")


def test_class_of_the_next_row_is_found():
    rng = np.random.default_rng(0)
    event = rng.random(N) < 0.3
    table = pd.DataFrame({"day": np.arange(N), "x": rng.normal(size=N)})
    table["next"] = np.roll(event, -1).astype(float)
    table["last"] = np.roll(event, 1).astype(float)
    upcoming = pd.Series(np.where(event, np.arange(N), np.nan))[::-1].ffill()[::-1]
    table["days until"] = upcoming - np.arange(N)
    table["y"] = np.where(event, "yes", "no")
    problem = WALK.model_copy(update={"task": "classification"})
    assert [f["columns"] for f in findings(table, problem)] == [["days until"], ["next"]]


@pytest.mark.parametrize("days", [1, 0])
def test_a_total_of_the_year_to_date_warns_if_the_present_is_in_it(days):
    rng = np.random.default_rng(0)
    day = pd.date_range("2015-01-01", periods=N, freq="7D")
    y = pd.Series(rng.gamma(3, 10, N)).round(2)
    to_date = y.groupby(day.year).cumsum() - (0 if days else y)
    stamp = day.to_numpy().astype("datetime64[us]").astype(np.int64)
    columns = (
        Column("day", "datetime", frozenset({"time"})),
        Column("to date", "number", frozenset({"input"})),
        Column("y", "number", frozenset({"target"})),
    )
    frame = Frame(
        columns, {"day": stamp, "to date": to_date.to_numpy(), "y": y.to_numpy()}, np.arange(N)
    )
    part = np.where(np.arange(N) < 0.8 * N, "train", "test").astype(object)
    report = audit(frame, part, WALK, AuditSpec(), "time")
    found = [f for f in report["findings"] if f["kind"] == "time.look_ahead"]
    assert [f["columns"] for f in found] == [["to date"]] * days


def test_a_plan_that_is_the_same_for_everybody_passes():
    phases = np.repeat([0.0, 1.0, 2.0], 5)
    table = pd.DataFrame(
        {
            "who": np.repeat([f"p{i}" for i in range(16)], 15),
            "hour": np.tile(np.tile(np.arange(1.0, 6.0), 3), 16),
            "day": np.tile(np.arange(15), 16),
            "y": np.tile(phases, 16),
        }
    )
    assert findings(table, WALK.model_copy(update={"group": ("who",)})) == []


@pytest.mark.parametrize("odd", [np.inf, -np.inf, 1e120, np.nan, 0.0])
def test_odd_numbers_neither_stop_nor_warn(odd):
    table = walk(n=90)
    table["some"] = np.where(np.arange(90) % 7 == 0, odd, table["x"])
    table["all"] = odd
    assert findings(table) == []


@pytest.mark.parametrize("shift", [-1, 1])
def test_next_value_within_entities_of_three_rows_is_found(shift):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"who": np.repeat([f"p{i}" for i in range(80)], 4)})
    table["day"] = np.tile(np.arange(4), 80)
    table["x"] = rng.normal(size=320)
    table["y"] = np.repeat(rng.normal(0, 3, 80), 4) + rng.normal(size=320)
    table["quote"] = table.groupby("who")["y"].shift(shift)
    table = table.dropna().reset_index(drop=True)
    found = findings(table, WALK.model_copy(update={"group": ("who",)}))
    assert [f["columns"] for f in found] == [["quote"]] * (shift == -1)


def test_smooth_honest_series_do_not_stop_each_other():
    macro = pytest.importorskip("statsmodels.datasets").macrodata.load_pandas().data
    table = macro[["year", "quarter", "realgdp", "cpi", "tbilrate", "infl", "unemp"]].copy()
    table["last"] = table["unemp"].shift(1)
    table = table.dropna().rename(columns={"year": "day", "unemp": "y"}).reset_index(drop=True)
    assert findings(table) == []


def test_a_price_at_its_high_is_no_formula_of_whether_it_rises():
    rng = np.random.default_rng(5)
    price = 100 * np.exp(np.cumsum(0.01 * rng.normal(size=900)))
    high = np.array([price[max(i - 4, 0) : i + 1].max() for i in range(899)])
    day = np.datetime64("2021-01-01") + np.arange(899)
    up = np.where(np.diff(price) > 0, "up", "down")
    table = {"day": day, "price": price[:-1], "below": np.round(high / price[:-1] - 1, 5), "y": up}
    assert not loud(report_of(table, "y", time="day"), "time.look_ahead")
