"""A test part made in another way warns; lots, time and sites do not."""

import numpy as np
import pytest

from ninefold.columns import Column, Frame
from ninefold.leakage import AuditSpec, audit
from ninefold.problem import ProblemSpec
from tests.leakage.reports import at_random, report
from tests.leakage.reports import loud as loud_of

N = 1000
PROBLEM = ProblemSpec(target="y", task="regression")
PART = np.where(np.random.default_rng(5).random(N) < 0.3, "test", "train").astype(object)
TEST = PART == "test"


def table():
    rng = np.random.default_rng(0)
    data = {name: rng.lognormal(2, 1, N) for name in ("length", "weight", "price", "y")}
    data["sex"] = rng.choice(["m", "f"], N).astype(object)
    data["temperature"] = rng.normal(15, 8, N)
    data["year"] = np.sort(rng.integers(2000, 2020, N)).astype(float)
    return data


def loud(data, part=PART, problem=PROBLEM):
    columns = tuple(
        Column(
            name,
            "category" if values.dtype == object else "number",
            frozenset({"target" if name == "y" else "input"}),
        )
        for name, values in data.items()
    )
    found = audit(Frame(columns, data, np.arange(N)), part, problem, AuditSpec(), "given")
    return [
        (item["kind"], item["columns"][0])
        for item in found["findings"]
        if item["kind"].startswith("shift") and item["severity"] != "info"
    ]


BREAKS = {
    "grams": ("weight", lambda v: v * 1000, "shift.units"),
    "fahrenheit": ("temperature", lambda v: v * 1.8 + 32, "shift.units"),
    "empty": ("price", lambda v: v * np.nan, "shift.missing"),
    "recoded": ("sex", lambda v: np.where(v == "m", "male", "female"), "shift.categories"),
    "larger": ("y", lambda v: v * 1.9 + 4, "shift.target"),
    "another code for gaps": (
        "price", lambda v: np.where(np.arange(len(v)) % 8 == 0, -1.0, v), "shift.constant",
    ),
    "rounded": ("temperature", np.round, "shift.units"),
    "a new level in a third": (
        "sex", lambda v: np.where(np.arange(len(v)) % 3 == 0, "x", v), "shift.categories",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.some(4)
def test_a_test_part_made_in_another_way_warns(name):
    column, change, kind = BREAKS[name]
    data = table()
    assert loud(data) == []
    data[column] = data[column].copy()
    data[column][TEST] = change(data[column][TEST])
    assert loud(data) == [(kind, column)]


def test_two_columns_in_other_units_warn_where_the_others_agree():
    data = table()
    rng = np.random.default_rng(3)
    data["pounds"], data["inches"] = rng.normal(130, 15, N), rng.normal(64, 3, N)
    del data["year"], data["sex"]
    for name, factor in (("pounds", 0.45359237), ("inches", 2.54)):
        data[name] = np.where(TEST, data[name] * factor, data[name])
    assert set(loud(data)) == {("shift.units", "pounds"), ("shift.units", "inches")}
    for name in ("length", "weight", "price"):  # another site: it may have other units for a reason
        data[name] = np.where(TEST, data[name] + 3, data[name])
    assert not loud(data)


def test_a_column_of_one_value_in_train_warns():
    data = table()
    data["flag"] = np.where(TEST & (np.arange(N) % 2 == 0), 1.0, 0.0)
    assert loud(data) == [("shift.constant", "flag")]


def drifting():
    data = table()
    year = data.pop("year")
    data["year"] = (np.datetime64("2000-01-01") + np.arange(N)).astype("datetime64[us]")
    data["law"] = np.where((year > 2016) & (np.arange(N) % 2 == 0), 1.0, 0.0)
    for name in ("length", "weight", "price"):
        data[name] = data[name] * np.exp(np.arange(N) / 200)
    return data, np.where(year > 2015, "test", "train").astype(object)


def test_what_drifts_along_time_is_one_info_and_a_law_that_came_later_another():
    data, part = drifting()
    found = report(data, "y", part, time="year")
    assert not loud_of(found, "shift.constant", "shift.drift")
    drift = [item for item in found["findings"] if item["kind"] == "shift.drift"]
    assert len(drift) == 1
    assert set(drift[0]["columns"]) == {"length", "weight", "price"}
    assert any(item["kind"] == "shift.constant" for item in found["findings"])


def test_a_column_recorded_up_to_some_day_before_the_test_part_is_an_info():
    data, part = drifting()
    test = np.flatnonzero(part == "test")
    kinds = {}
    for end in (test[0], test[0] - 200):
        data["length"] = np.where(np.arange(N) < end, table()["length"], np.nan)
        items = report(data, "y", part, time="year")["findings"]
        kinds[end == test[0]] = [i["severity"] for i in items if i["kind"] == "shift.missing"]
    assert kinds == {True: ["warn"], False: ["info"]}


def test_other_units_from_the_first_test_day_on_warn_whatever_the_season_and_growth_do_not():
    data, part = drifting()
    season = 10 + 15 * np.sin(np.arange(N) / 80)
    data["outside"] = season + np.random.default_rng(5).normal(0, 3, N)
    assert not loud_of(report(data, "y", part, time="year"), "shift.units")
    test = part == "test"
    data["outside"][test] = data["outside"][test] * 1.8 + 32
    (found,) = loud_of(report(data, "y", part, time="year"), "shift.units")
    assert found["columns"] == ["outside"]


def test_a_filtered_test_part_warns():
    data = table()
    part = np.where(TEST & (data["price"] < np.median(data["price"])), "", PART).astype(object)
    assert loud(data, part) == [("shift.support", "price")]


def test_drift_along_time_and_parts_by_site_pass():
    data = table()
    later = np.where(data["year"] > 2015, "test", "train").astype(object)
    data["price"] = data["price"] * np.exp(np.arange(N) / 300)
    assert loud(data, later) == []
    site = np.random.default_rng(1).integers(0, 20, N)
    data = table()
    data["place"] = np.array([f"place {v}" for v in site], dtype=object)
    assert loud(data, np.where(site < 5, "test", "train").astype(object)) == []


def test_one_class_in_the_test_part_warns():
    data = table()
    data["y"] = np.where(np.random.default_rng(2).random(N) < 0.4, "yes", "no").astype(object)
    part = np.where(TEST & (data["y"] == "no"), "", PART).astype(object)
    problem = ProblemSpec(target="y", task="classification")
    assert ("shift.target", "y") in loud(data, part, problem)


def test_a_test_part_beyond_a_value_of_a_measured_column_is_named():
    rng = np.random.default_rng(0)
    height = np.round(rng.normal(170, 9, 800), 1)
    weight = height - 100 + rng.normal(0, 8, 800)
    table = {"height": height, "age": rng.integers(20, 70, 800), "weight": weight}
    tall = np.where(height > np.quantile(height, 0.85), "test", "train").astype(object)
    found = loud_of(report(table, "weight", tall), "shift.support")
    assert [item["columns"] for item in found] == [["height"]]
    order = np.argsort(height)
    ordered = {name: values[order] for name, values in table.items()}
    assert not loud_of(report(ordered, "weight", tall[order]), "shift.support")


def test_medians_of_dates_are_dates():
    days = np.datetime64("2024-01-01") + np.arange(N)
    table = {"seen": days, "y": np.random.default_rng(0).normal(size=N)}
    found = report(table, "y", np.where(np.arange(N) < 700, "train", "test").astype(object))
    told = [i["evidence"] for i in found["findings"] if i["columns"] == ["seen"]]
    assert told[0]["median_in_train"] == "2024-12-15T12:00:00"


def test_some_rows_in_thousands_warn_where_nothing_else_differs():
    rng = np.random.default_rng(8)
    data = {name: rng.lognormal(2, 1, 4000) for name in ("length", "weight", "price", "age", "y")}
    part = np.where(rng.random(4000) < 0.3, "test", "train").astype(object)
    assert not loud_of(report(data, "y", part), "shift.drift")
    data["price"] = np.where((part == "test") & (rng.random(4000) < 0.2), 0.001, 1) * data["price"]
    found = loud_of(report(data, "y", part), "shift.drift")
    assert [item["columns"] for item in found] == [["price"]]


def test_parts_chosen_by_a_column_that_others_follow_name_it():
    rng = np.random.default_rng(8)
    age = rng.normal(45, 12, 2000).round()
    data = {
        "age": age,
        "years_at_work": (age - 20 + rng.normal(0, 5, 2000)).round(),
        "pension": age * 30 + rng.normal(0, 150, 2000),
        "height": rng.normal(170, 9, 2000).round(1),
        "y": rng.normal(size=2000),
    }
    part = np.where(rng.random(2000) < 1 / (1 + np.exp((50 - age) / 6)), "test", "train")
    found = loud_of(report(data, "y", part.astype(object)), "shift.support")
    assert [item["columns"] for item in found] == [["age"]]
    order = np.argsort(-age, kind="stable")
    by_age = {name: values[order] for name, values in data.items()}
    found = loud_of(report(by_age, "y", part.astype(object)[order]), "shift.support")
    assert [item["columns"] for item in found] == [["age"]], "where the file is sorted by it, too"
    moved = {**data, "height": data["height"] + 8 * (part == "test")}
    assert not loud_of(report(moved, "y", part.astype(object)), "shift.support")


def test_what_belongs_to_the_entities_of_a_part_is_no_break():
    """Each machine has a setting of its own: test machines have others, and hold some often."""
    rng = np.random.default_rng(9)
    machine = np.repeat(np.arange(24), 60)
    data = {f"x{i}": rng.normal(size=len(machine)).round(3) for i in range(5)}
    data["setting"] = rng.permutation(np.linspace(20, 70, 24).round(1))[machine]
    data["y"] = rng.normal(size=len(machine))
    part = np.where(machine % 4 == 1, "test", "train").astype(object)
    assert not loud_of(report(data, "y", part), "shift.constant", "shift.drift")


def test_rows_that_the_split_keeps_together_count_once():
    """Each item was asked of all people: its few hundred equal rows come to a part as one."""
    rng = np.random.default_rng(12)
    item, anger = rng.integers(0, 24, 3000), rng.integers(0, 4, 3000)
    data = {
        "item": np.array([f"i{i}" for i in item]), "do": np.array(["do", "want"])[item % 2],
        "kind": np.array(["curse", "scold", "shout"])[item % 3], "anger": anger.astype(float),
        "y": np.where(rng.random(3000) < 0.4, "yes", "no"),
    }  # fmt: skip
    assert not loud_of(report(data, "y"), "shift.drift")


def test_some_of_many_columns_that_one_instrument_gives_otherwise_warn():
    rng = np.random.default_rng(10)
    data = {f"x{i}": rng.normal(size=3000).round(3) for i in range(24)}
    data["y"] = rng.normal(size=3000)
    part = at_random(3000)
    for name in ("x3", "x4"):
        data[name] = data[name] * 1.1 + 0.7 * (part == "test")
    found = loud_of(report(data, "y", part), "shift.drift")
    assert sorted(item["columns"] for item in found) == [["x3"], ["x4"]]


def test_a_train_part_balanced_by_itself_is_compared_as_it_was():
    rng = np.random.default_rng(11)
    y = np.where(rng.random(2000) < 0.1, "ill", "well").astype(object)
    data = {f"x{i}": (rng.normal(size=2000) + (y == "ill")).round(3) for i in range(4)}
    data["y"] = y
    part = at_random(2000)
    ill = np.flatnonzero((part == "train") & (y == "ill"))
    more = int(((part == "train") & (y == "well")).sum()) - len(ill)
    rows = np.concatenate([np.arange(2000), rng.choice(ill, more)])
    parts = np.concatenate([part, np.full(more, "train", dtype=object)])
    again = {name: values[rows] for name, values in data.items()}
    assert not loud_of(report(again, "y", parts), "shift.drift", "shift.target", "group.undeclared")
    for name in ("x0", "x1", "x2", "x3"):
        again[name][2000:] += rng.normal(0, 0.1, more)
    assert not loud_of(report(again, "y", parts), "shift.drift", "shift.target")
