"""What a drafted suite says of several columns: keys, sums, parts of dates, what a level fixes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from expectations.drafting.conditions import rules as conditions
from expectations.drafting.keys import rules as keys_of
from expectations.sample import Sample
from expectations.wording import sentence
from ninefold.columns import ROW, Column, to_arrow
from ninefold.problem import ProblemSpec
from tests.expectations.drafts import PROBLEM, ROWS, check, drafted, drawn, orders, rules


@pytest.mark.thorough
def test_a_sum_of_three_is_found_among_columns_that_repeat(tmp_path):
    table = orders()
    table["fee"], table["in dollars"] = np.resize([0, 4.9, 9.9], len(table)), table["net"] * 1.1
    odd = np.arange(len(table)) % 30 == 1
    table["rebate"] = np.where(odd, 5, 0)
    table["points"] = np.where(odd, np.nan, np.resize(np.arange(17.0), len(table)))
    table["total"] = (table["net"] + table["tax"] + table["fee"]).round(2)
    suite = drafted(table, tmp_path)
    table.loc[[5, 70], "total"] += 1
    (item,) = [i for i in check(table, suite, tmp_path)["expectations"] if not i["success"]]
    assert set(item["columns"]) == {"net", "tax", "fee", "total"}
    assert [row["row"] for row in item["rows"]] == [5, 70]
    assert "total - (" in sentence(item)
    assert "missing(" not in sentence(item)


def most(found, what):
    return next(i["max_value"] for i in found if i["type"].startswith(f"expect_table_{what}"))


def test_what_may_honestly_come_is_allowed_and_what_may_not_is_not():
    rng = np.random.default_rng(3)
    wins = rng.integers(0, 25, ROWS)
    data = {
        "zip": rng.integers(10_000, 100_000, ROWS),
        "wins": wins,
        "games": wins + 4 + rng.poisson(8, ROWS),
        "draws": wins + rng.integers(0, 4, ROWS),
    }
    columns = tuple(Column(name, "number", frozenset({"input"})) for name in data)
    table = pa.table({ROW: np.arange(ROWS), **data})
    found = drawn(table, columns)
    share = {item.get("expression", "").split(" or ")[-1]: item.get("mostly") for item in found}
    assert share["draws <= games"] > 0.98
    assert share["wins <= draws"] is None
    ranges = {i["column"]: i for i in found if i["type"] == "expect_column_values_to_be_between"}
    assert (ranges["zip"]["min_value"], ranges["zip"]["max_value"]) == (10_000, 99_999)
    assert most(found, "duplicate_share") > 0
    apart = {name: rng.normal(size=ROWS) for name in data}
    table = pa.table({ROW: np.arange(ROWS), **apart})
    assert most(drawn(table, columns), "duplicate_share") == 0


@pytest.mark.parametrize(("group", "repeated"), [((), 0), (("station",), 0), (("station",), 3)])
def test_columns_that_together_name_a_row_stay_a_key(group, repeated):
    stations, days = np.meshgrid(np.arange(12.0), np.arange(60.0))
    data = {"station": stations.ravel(), "day": days.ravel()}
    data["cars"] = np.random.default_rng(0).poisson(30, 720).astype(float)
    data["day"][:repeated] += 1
    columns = tuple(Column(name, "number", frozenset({"input"})) for name in data)
    problem = ProblemSpec(target="cars", task="regression", time="day", group=group)

    def keys():
        sample = Sample(pa.table({ROW: np.arange(720), **data}), columns, problem)
        return list(keys_of(sample))

    (found,) = keys()
    assert found["column_list"] == ["station", "day"]
    assert f"of 720 rows {repeated or 'none'} repeated" in found["because"]
    data["day"] = np.random.default_rng(1).integers(0, 60, 720).astype(float)
    assert keys() == []


def test_what_a_level_decides_is_drafted_and_nothing_that_only_chance_did():
    rng = np.random.default_rng(0)
    smokes = rng.choice(["no", "once", "yes"], ROWS, p=[0.5, 0.2, 0.3]).astype(object)
    data = {
        "smokes": smokes,
        "packs": np.where(smokes == "yes", rng.integers(0, 9, ROWS), 0.0),
        "brand": np.where(smokes == "no", None, rng.choice(["A", "B"], ROWS)),
        "since": np.where(smokes == "once", np.nan, rng.integers(1, 40, ROWS)),
        "sex": np.where(rng.random(ROWS) < 0.5, "f", "m").astype(object),
        "m": np.zeros(ROWS),
    }
    data["m"][data["sex"] == "f"] = 1
    kinds = {"f": "number", "O": "category"}
    columns = tuple(Column(n, kinds[v.dtype.kind], frozenset()) for n, v in data.items())
    table = pa.table(
        {ROW: np.arange(ROWS), **{c.name: to_arrow(data[c.name], c.kind) for c in columns}}
    )
    said = {
        r["expression"]: r.get("mostly", 1) for r in conditions(Sample(table, columns, PROBLEM))
    }
    assert said.keys() == {
        "(smokes == 'no') == (missing(brand))",
        "(smokes == 'once') == (missing(since))",
        "(sex == 'm') == (m == 0)",
        "not (smokes == 'no') or (packs == 0)",
        "not (smokes == 'once') or (packs == 0)",
    }
    assert min(said.values()) > 0.99
    masked = Sample(table, columns, PROBLEM, frozenset(data))
    assert not list(conditions(masked))


def test_parts_of_a_date_agree_with_it(tmp_path):
    table = orders()
    when = pd.to_datetime(table["start"])
    table["month"], table["weekday"] = when.dt.month, when.dt.day_of_week
    suite = drafted(table, tmp_path)
    assert check(table, suite, tmp_path)["verdict"] == "pass"
    table.loc[[400, 640], "month"] = 13
    failed = [i for i in check(table, suite, tmp_path)["expectations"] if not i["success"]]
    said = {i["kwargs"].get("expression", i["type"]): [r["row"] for r in i["rows"]] for i in failed}
    assert said == {"missing(start) or missing(month) or month == month(start)": [400, 640]}
    wrong = "{type: expect_rows_to_satisfy, expression: year(pieces) > 2000}"
    report = check(table, f"expectations:\n  - {wrong}\n", tmp_path)
    assert "must be given a column of dates" in report["expectations"][0]["error"]


def test_a_charge_by_the_minute_is_told_and_what_only_resembles_one_is_not(tmp_path):
    table, rng = orders(), np.random.default_rng(3)
    table["minutes"] = rng.gamma(3, 60, ROWS).round(1)
    table["charge"] = (0.17 * table["minutes"]).round(2)
    table["about"] = (0.17 * table["minutes"] + rng.normal(0, 0.02, ROWS)).round(2)
    table["one in ten"] = rng.integers(0, 12, ROWS)
    table["tens"] = 10 * table["one in ten"]
    suite = drafted(table, tmp_path)
    rates = [r["expression"] for r in rules(suite) if "abs(" in r.get("expression", "")]
    assert [said.rpartition(" or ")[2] for said in rates if "minutes" in said] == [
        "abs(charge - 0.17 * minutes) <= 0.00501"
    ]
    assert not [said for said in rates if "about" in said]
    assert any("`one in ten`" in said and "tens" in said for said in rates)
    table.loc[[5, 700], "minutes"] /= 2
    failed = [i for i in check(table, suite, tmp_path)["expectations"] if not i["success"]]
    assert [[r["row"] for r in i["rows"]] for i in failed if "charge" in i["columns"]] == [[5, 700]]


def test_what_goes_with_a_level_is_expected_to_where_chance_would_not_have_it(tmp_path):
    rng = np.random.default_rng(3)
    shop = rng.integers(0, 40, 900)
    table = orders().assign(
        shop=np.char.add("s", shop.astype(str)),
        town=np.array(["Rome", "Oslo", "Bonn"])[shop % 3],
        mood=rng.choice(["good", "bad"], 900),
    )
    suite = drafted(table, tmp_path)
    assert "column_list: [shop, town]" in suite
    assert "column_list: [shop, mood]" not in suite
    table.loc[500, "town"] = {"Rome": "Oslo"}.get(table.loc[500, "town"], "Rome")
    report = check(table, suite, tmp_path)
    (failed,) = [i for i in report["expectations"] if i["type"] == "expect_rows_to_agree"]
    assert [row["row"] for row in failed["rows"]] == [500]


def test_a_level_is_no_owner_where_all_rows_are_nearly_alike(tmp_path):
    shop = np.random.default_rng(3).integers(0, 400, 900)
    table = orders().assign(shop=np.char.add("s", shop.astype(str)), town="Rome")
    table.loc[np.flatnonzero(shop == 7), "town"] = "Oslo"
    assert "expect_rows_to_agree" not in drafted(table, tmp_path)
