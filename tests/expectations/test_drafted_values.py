"""What a drafted suite says of single columns: on honest rows nothing, of each fault its rows."""

from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from expectations.draft import draft
from expectations.drafting.tokens import rules as tokens
from expectations.margins import hard_ends, reach
from expectations.sample import Sample
from ninefold.columns import ROW, Column
from ninefold.problem import ProblemSpec
from tests.expectations.drafts import PROBLEM, ROWS, check, drafted, drawn, orders, rules


def test_a_stuck_column_is_found_and_a_sorted_one_is_not(tmp_path):
    table = orders()
    table["month"] = np.repeat(range(1, 10), ROWS // 9)
    text = drafted(table, tmp_path)
    table["pieces"], table["closed by"] = 4, "Ann"
    table = table[table["month"] == 3].reset_index(drop=True)
    report = check(table, text, tmp_path)
    failed = {(i["type"], *i["columns"]): i for i in report["expectations"] if not i["success"]}
    assert failed["expect_column_values_to_change", "pieces"]["unexpected_count"] == 100
    assert failed["expect_column_values_to_vary", "closed by"]["observed"].startswith("Ann in all")
    assert not [key for key in failed if "month" in key]


@pytest.mark.thorough
def test_a_stretch_that_training_holds_too_is_told_apart_from_a_common_value(tmp_path):
    table = orders()
    table["rain"] = np.where(np.arange(ROWS) // 60 % 3 > 0, 0.0, table["tax"])
    table.loc[200:350, "net"] = 71.5
    report = check(table, drafted(table, tmp_path), tmp_path)
    (item,) = [i for i in report["expectations"] if not i["success"] and "change" in i["type"]]
    assert item["columns"] == ["net"]
    assert item["because"].endswith("but for 151 of 71.5")


@pytest.mark.thorough
def test_names_that_repeat_leave_room_for_another_way_to_write(tmp_path):
    names = ["".join(letters) for letters in product("ABCDEFG", "aeiou", "lnr")]
    table = orders()
    table["ship"] = np.repeat(names[:90], 10)
    text = drafted(table, tmp_path)
    table.loc[880:889, "ship"] = "Al-7"
    assert check(table, text, tmp_path)["verdict"] == "pass"
    table.loc[500:, "ship"] = "Al-7"
    failed = [i for i in check(table, text, tmp_path)["expectations"] if not i["success"]]
    assert "expect_column_values_to_match_regex" in [i["type"] for i in failed]


def test_levels_in_several_writings_are_told_of_training_itself(tmp_path):
    table = orders()
    table["closed by"] = table["closed by"].astype(object)
    table.loc[table.index[table["closed by"] == "Ann"][:40], "closed by"] = "ANN"
    suite = drafted(table, tmp_path)
    (item,) = [i for i in check(table, suite, tmp_path)["expectations"] if not i["success"]]
    assert item["type"] == "expect_column_values_to_be_spelled_alike"
    assert item["unexpected_count"] == 40
    assert "'ANN' for 'Ann'" in item["because"]


def test_signs_and_short_codes_tell_levels_apart(tmp_path):
    table = orders()
    for name, levels in {
        "a": ["A+", "A-", "B+"],
        "b": ["C", "C++", "C#"],
        "c": ["m", "M", "kg"],
    }.items():
        table[name] = np.random.default_rng(1).choice(levels, ROWS)
    assert "spelled_alike" not in drafted(table, tmp_path)


@pytest.mark.thorough
def test_a_lonely_value_far_from_all_others_is_asked_about(tmp_path):
    table = orders()
    table["pieces"] = np.arange(ROWS) % 40 + 60
    table.loc[table.index[::30], "pieces"] = 0
    table.loc[table.index[::25], "tax"] = -1
    table.loc[table.index[::20], "net"] = 999999
    table["total"] = 7
    report = check(table, drafted(table, tmp_path), tmp_path)
    failed = {i["columns"][0]: i for i in report["expectations"] if not i["success"]}
    assert {c: i["kwargs"]["value_set"] for c, i in failed.items()} == {
        "pieces": [0], "tax": [-1], "net": [999999],
    }  # fmt: skip
    assert "far from all others" in failed["net"]["because"]
    assert "ingest.missing" in failed["net"]["because"]


def test_a_class_that_came_later_warns_and_stops_where_most_rows_bear_it(tmp_path):
    table = orders()
    suite = drafted(table, tmp_path)
    verdicts = {}
    for name, rows in (("few", table.index[-9:]), ("most", table.index[9:])):
        fresh = table.copy()
        fresh.loc[rows, "sold"] = "later"
        verdicts[name] = check(fresh, suite, tmp_path)["verdict"]
    assert verdicts == {"few": "warn", "most": "block"}


def test_a_few_mistakes_in_training_are_named(tmp_path):
    table = orders()
    table["weight"] = np.random.default_rng(1).normal(70, 9, ROWS).round(1)
    rows = np.arange(25, 300, 45)
    table.loc[rows, "weight"] *= 1000
    table.loc[rows, "total"] += 5
    table.loc[rows, "email"] = "nobody"
    table.loc[rows, "end"] = "1900-01-01 00:00:00"
    report = check(table, drafted(table, tmp_path), tmp_path)
    failed = {
        (item["type"].split("_to_")[1], *item["columns"]): [row["row"] for row in item["rows"]]
        for item in report["expectations"]
        if not item["success"]
    }
    assert set(failed) == {
        ("be_between", "weight"),
        ("be_between", "end"),
        ("match_regex", "email"),
        ("satisfy", "net", "tax", "total"),
        ("satisfy", "start", "end"),
    }
    assert all(found == rows.tolist() for found in failed.values())


def test_counts_mostly_zero_reach_on_and_names_and_the_year_of_the_rows_have_no_range():
    rng = np.random.default_rng(2)
    day = np.arange(ROWS) * 8 * 3600 * 10**6 + np.datetime64("2016-01-01", "us").astype(np.int64)
    data = {
        "visits": np.where(rng.random(ROWS) < 0.8, 0, rng.geometric(0.4, ROWS)),
        "household": np.arange(ROWS) // 3,
        "affairs": np.where(np.arange(ROWS) < 600, 0, rng.permutation(ROWS)),
        "year": np.full(ROWS, 2016),
    }
    group = {"household": frozenset({"group"})}
    columns = (
        *(Column(n, "number", group.get(n, frozenset({"input"}))) for n in data),
        Column("day", "datetime", frozenset({"time"})),
        Column("gear", "category", frozenset({"input"})),
    )
    moments = pa.array(day, pa.timestamp("us"))
    table = pa.table({ROW: np.arange(ROWS), **data, "day": moments, "gear": ["N"] * ROWS})
    found = rules(draft(table, columns, ProblemSpec(task="clustering", time="day")))
    ranges = {i["column"]: i for i in found if i["type"] == "expect_column_values_to_be_between"}
    assert not {"household", "year"} & {*ranges}
    assert ranges["visits"]["max_value"] >= 1.8 * data["visits"].max()
    assert "affairs" not in {i.get("column") for i in found if i["type"].endswith("_to_change")}
    (levels,) = [i for i in found if i["type"].endswith("_in_set")]
    assert 0.98 < levels["mostly"] < 1


def test_long_tails_and_mostly_nothing_are_no_mistakes():
    rng = np.random.default_rng(5)
    few = rng.random(ROWS) < 0.02
    first, second = rng.integers(400, 900, (2, ROWS))
    low = np.where(few, rng.integers(80, 300, ROWS), 0)
    people = rng.gamma(0.4, 0.4, ROWS)
    data = {
        "waited": np.where(few, rng.integers(1, 90, ROWS), 0),
        "price": rng.gamma(3, 30, ROWS),
        "babies": (rng.random(ROWS) < 0.01).astype(float),
        "first": first,
        "second": second,
        "low": low,
        "living": first + second + low,
        "density": np.where(np.arange(ROWS) % 50 == 0, 4 * people.max() + people, people),
    }
    columns = tuple(Column(name, "number", frozenset({"input"})) for name in data)
    table = pa.table({ROW: np.arange(ROWS), **{k: v.astype(float) for k, v in data.items()}})
    found = drawn(table, columns)
    made = [i["expression"] for i in found if "abs(" in i.get("expression", "")]
    assert [text.split(" or ")[-1] for text in made] == [
        "abs(living - (first + second + low)) <= 0.002"
    ]
    assert not [item["because"] for item in found if "mistakes?" in item["because"]]


@pytest.mark.thorough
def test_a_counter_that_starts_again_is_found_and_one_date_too_late_is_one_row(tmp_path):
    table = orders()
    table["pieces"] = np.arange(ROWS) * 3
    suite = drafted(table, tmp_path)
    table.loc[700:, "pieces"] -= 2000
    table.loc[20, "start"] = "2024-12-01 00:00:00"
    report = check(table, suite, tmp_path)
    rows = {
        i["columns"][0]: i["unexpected_count"]
        for i in report["expectations"]
        if i["type"].endswith("monotone") and not i["success"]
    }
    assert rows == {"pieces": 200, "start": 1}


@pytest.mark.thorough
def test_a_hole_in_a_regular_series_is_found_and_an_irregular_one_has_no_rule(tmp_path):
    assert "follow_within" not in drafted(orders(), tmp_path)
    table = orders()
    table["start"] = pd.date_range("2022-01-01", periods=ROWS, freq="10min").astype(str)
    table["end"] = None
    suite = drafted(table, tmp_path)
    table = table.drop(index=range(300, 360)).reset_index(drop=True)
    table.loc[500, "start"] = "2030-01-01"
    failed = [i for i in check(table, suite, tmp_path)["expectations"] if not i["success"]]
    item = next(i for i in failed if i["type"].endswith("follow_within"))
    assert {i["unexpected_count"] for i in failed} == {1}
    assert item["kwargs"]["max_step"] == "30min"
    assert [row["row"] for row in item["rows"]] == [300]
    assert "the usual one 10min" in item["because"]


@pytest.mark.thorough
def test_rare_levels_and_gaps_that_once_part_are_no_alarm(tmp_path):
    table = orders(400)
    rare = np.where(np.arange(400) % 100 == 3, "Dee", table["closed by"])
    table["closed by"] = np.where(table["end"].isna(), None, rare)
    suite = drafted(table, tmp_path)
    table.loc[[0, 1], "closed by"] = ["Eve", None]
    table["end"] = table["end"].where(table.index != 1, table["start"])
    report = check(table, suite, tmp_path)
    assert [i for i in report["expectations"] if not i["success"]] == []


def test_a_single_text_far_too_long_is_no_share_to_let_pass():
    texts = [f"{'word ' * (10 + n % 9)}{n}" for n in range(ROWS)]
    table = pa.table({ROW: np.arange(ROWS), "note": texts})
    (rule,) = tokens(Sample(table, (Column("note", "text", frozenset()),), PROBLEM))
    assert (rule["min_value"], rule["max_value"], rule.get("mostly")) == (2, 38, None)


@pytest.mark.thorough
def test_texts_cut_short_or_far_too_long_are_found(tmp_path):
    table = orders()
    table["email"] = [f"{' '.join(['word'] * (40 + n % 9))} {n}" for n in range(ROWS)]
    suite = drafted(table, tmp_path)
    table.loc[table.index[:50], "email"] = table["email"].str.slice(0, 20)
    failed = [i for i in check(table, suite, tmp_path)["expectations"] if not i["success"]]
    assert [i["type"] for i in failed] == ["expect_column_values_to_have_tokens_between"]
    assert failed[0]["kwargs"]["min_value"] == 10
    table.loc[:50, "email"] = table["email"][50]
    table.loc[7, "email"] = "word " * 4000
    (failed,) = [i for i in check(table, suite, tmp_path)["expectations"]
                 if not i["success"] and "tokens" in i["type"]]  # fmt: skip
    assert [row["row"] for row in failed["rows"]] == [7]


def test_a_few_far_values_do_not_stretch_the_range(tmp_path):
    table = orders()
    table.loc[[3, 50, 99], "net"] = [1e9, 2e9, 3e9]
    table["total"] = table["net"] + table["tax"]
    report = check(table, drafted(table, tmp_path), tmp_path)
    assert report["verdict"] == "pass"
    item = next(
        i for i in report["expectations"] if i["columns"] == ["net"] and "between" in i["type"]
    )
    assert item["kwargs"]["max_value"] < 1e4
    assert "3 of" in item["because"]


def test_a_scale_that_stops_is_told_from_counts_that_thin_out():
    rng = np.random.default_rng(0)
    assert hard_ends(rng.integers(1, 13, 900).astype(float)) == (True, True)
    assert hard_ends(rng.choice([1.0, 2, 3, 4, 5], 900, p=[0.1, 0.1, 0.2, 0.3, 0.3])) == (
        True,
        True,
    )
    for seed in range(50):
        seeded = np.random.default_rng(seed)
        for counts in (seeded.poisson(3, 900), seeded.geometric(0.4, 900)):
            assert not hard_ends(counts.astype(float))[1]
    assert hard_ends(np.repeat([1.0, 2, 3, 4], 200)) == (False, False)  # one entity each
    assert hard_ends(rng.integers(2000, 2016, 900).astype(float)) == (False, False)


def test_a_heavy_tail_reaches_beyond_what_was_seen_and_a_light_one_hardly():
    rng = np.random.default_rng(0)
    heavy, light = rng.pareto(1.5, 2000), rng.uniform(0, 10, 2000)
    assert reach(heavy) > 3 * heavy.max()
    assert reach(light) <= 1.01 * light.max()
    coded = np.append(heavy, [99999.0] * 40)
    assert reach(coded) == 99999
    assert all(rng.pareto(1.5, 2000).max() < reach(heavy) for _ in range(20))


def test_codes_with_a_dash_are_no_phone_numbers():
    numbers = {"case": "17-{:06d}", "phone": "+49 171 {:07d}"}
    data = {name: [form.format(n) for n in range(60)] for name, form in numbers.items()}
    columns = tuple(Column(name, "text", frozenset({"input"})) for name in data)
    drawn_rules = drawn(pa.table({ROW: range(60), **data}), columns)
    said = {r["column"]: r["because"] for r in drawn_rules if "match_regex" in r["type"]}
    assert said["case"] == "all 60 values were written so in training"
    assert "phone numbers" in said["phone"]


@pytest.mark.thorough
def test_a_counter_may_go_on_but_not_in_another_unit_or_with_another_sign(tmp_path):
    table = orders()
    table["meter"] = 500 + 3.0 * np.arange(ROWS)
    suite = drafted(table, tmp_path)
    for factor, fails in ((3, []), (1000, ["meter"]), (-1, ["meter"])):
        meter = table["meter"] * factor
        report = check(table.assign(meter=sorted(meter)), suite, tmp_path)
        failed = [i for i in report["expectations"] if not i["success"]]
        assert [i["columns"][0] for i in failed if "between" in i["type"]] == fails


@pytest.mark.parametrize(("rarest", "severities"), [(3, ["warn", "block"]), (40, ["block"])])
def test_classes_as_rare_as_some_of_training_may_come(rarest, severities):
    classes = [0.0] * 300 + [1.0] * 200 + [2.0] * rarest
    table = pa.table({ROW: range(len(classes)), "visits": classes})
    columns = (Column("visits", "number", frozenset({"target"})),)
    suite = draft(table, columns, ProblemSpec(target="visits", task="classification"))
    found = [r for r in rules(suite) if "in_set" in r["type"]]
    assert [r["severity"] for r in found] == severities
    assert found[-1].get("mostly", 1) == (1 if rarest == 40 else 0.5)
