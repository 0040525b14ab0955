"""A drafted suite: silent on honest rows, exact on planted faults, blind to test rows."""

from itertools import product

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from expectations.draft import draft, render
from expectations.drafting.conditions import rules as conditions
from expectations.drafting.keys import rules as keys_of
from expectations.drafting.tokens import rules as tokens
from expectations.gate import gate
from expectations.margins import hard_ends, reach
from expectations.sample import Sample
from expectations.wording import sentence
from ninefold.columns import ROW, Column, to_arrow, write_table
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.errors import InputError
from ninefold.pixels import objects
from ninefold.problem import ProblemSpec
from ninefold.quality import ValidateSpec
from ninefold.splitting import split
from tasks.drafting.suite import draft_suite
from tests.end_to_end.tables import write
from tests.rounds import quick

ROWS = 900
PROBLEM = ProblemSpec(target="sold", task="classification", ids=("code",), time="start")


def orders(rows=ROWS, seed=0):
    """Return a table that keeps rules: start <= end, net + tax = total, gaps that come together."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 9000, rows)), "h")
    net, tax = rng.gamma(2, 50, rows).round(2), rng.gamma(1, 10, rows).round(2)
    is_open = rng.random(rows) < 0.2
    end = (start + pd.to_timedelta(rng.integers(1, 6000, rows), "h")).where(~is_open)
    return pd.DataFrame(
        {
            "code": [f"A{n:06d}" for n in rng.permutation(rows)],
            "start": start.strftime("%Y-%m-%d %H:%M:%S"),
            "end": end.strftime("%Y-%m-%d %H:%M:%S"),
            "closed by": np.where(is_open, None, rng.choice(["Ann", "Bo", "Cy"], rows)),
            "email": [f"user{n}@shop{n % 7}.example" for n in range(rows)],
            "pieces": rng.poisson(4, rows),
            "net": net,
            "tax": tax,
            "total": (net + tax).round(2),
            "sold": rng.choice(["yes", "no"], rows),
        }
    )


def ingest(table, folder):
    write(table, folder / "t.csv")
    return read(validate("ingest", {"kind": "file", "path": "t.csv"}), PROBLEM, folder)


def drafted(table, folder, **more):
    rows, columns = ingest(table, folder)
    splitting = validate("split", {"kind": "time"})
    return draft_suite(rows, columns, PROBLEM, validate("featurize", {}), splitting, folder, **more)


def check(table, suite, folder, **spec):
    write_table(folder / "raw.parquet", *ingest(table, folder))
    (folder / "s.yaml").write_text(suite, encoding="utf-8")
    return gate(folder / "raw.parquet", folder / "s.yaml", ValidateSpec(**spec), folder / "docs")


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return drafted(orders(), tmp_path_factory.mktemp("draft"))


def rules(suite):
    return YAML(typ="safe").load(suite)["expectations"]


def test_every_rule_has_severity_and_evidence(suite):
    assert all(item["because"] and item["severity"] in ("block", "warn") for item in rules(suite))
    blocked = {item["type"] for item in rules(suite) if item["severity"] == "block"}
    assert blocked == {"expect_column_to_be_of_kind", "expect_column_values_to_be_in_set"}


@pytest.mark.parametrize("seed", quick(0, of=[1]))
def test_an_honest_table_of_the_same_source_passes(suite, seed, tmp_path):
    report = check(orders(seed=seed), suite, tmp_path)
    failed = [item for item in report["expectations"] if not item["success"]]
    assert (report["verdict"], failed) == ("pass", [])


FAULTS = {
    "end before start": ("end", "2021-02-03 00:00:00", "expect_rows_to_satisfy"),
    "a sum that is wrong": ("total", 1.5, "expect_rows_to_satisfy"),
    "half a piece": ("pieces", 2.5, "expect_column_values_to_be_whole"),
    "an address that is none": ("email", "nobody", "expect_column_values_to_match_regex"),
    "a code of another kind": ("code", "b-17", "expect_column_values_to_match_regex"),
    "a new level": ("closed by", "Ann ", "expect_column_values_to_be_in_set"),
    "a class unheard of": ("sold", "maybe", "expect_column_values_to_be_in_set"),
}
OTHERS = {
    "closed without an end": ("end", None, "expect_rows_to_satisfy"),
    "a negative number": ("net", -900.0, "expect_column_values_to_be_between"),
    "a far number": ("tax", 1e6, "expect_column_values_to_be_between"),
    "out of order": ("start", "2022-01-01 00:00:00", "expect_column_values_to_be_monotone"),
}


@pytest.mark.parametrize("faults", [FAULTS, OTHERS], ids=["apart", "touching"])
def test_planted_faults_are_found_with_their_rows(faults, suite, tmp_path):
    """Each fault in rows of its own; those that break a rule of another's columns apart."""
    table, planted = orders(), {}
    usable = [i for i in range(400, 880, 9) if not pd.isna(table.loc[i, "end"])]
    for place, (name, (column, value, _)) in enumerate(faults.items()):
        planted[name] = usable[place :: len(faults)][:3]
        table[column] = table[column].astype(object)
        table.loc[planted[name], column] = value
    report = check(table, suite, tmp_path)
    for name, (column, _, type_) in faults.items():
        found = [
            item
            for item in report["expectations"]
            if item["type"] == type_ and not item["success"] and column in item["columns"]
        ]
        assert found, name
        assert all([row["row"] for row in item["rows"]] == planted[name] for item in found), name


def test_more_gaps_than_sampling_explains_are_found(suite, tmp_path):
    table = orders()
    table.loc[700:730, "net"] = None
    report = check(table, suite, tmp_path)
    failed = {(i["type"], *i["columns"]) for i in report["expectations"] if not i["success"]}
    assert ("expect_column_values_to_not_be_null", "net") in failed


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


@pytest.mark.parametrize("order", quick("shuffled", of=["pieces"]))
def test_a_sensor_stuck_part_of_the_way_is_found_whatever_the_file_is_sorted_by(
    order, suite, tmp_path
):
    table = orders(seed=1)
    table = (
        table.sample(frac=1, random_state=0) if order == "shuffled" else table.sort_values(order)
    )
    table = table.reset_index(drop=True)

    def still():
        found = check(table, suite, tmp_path)["expectations"]
        changes = [i for i in found if i["type"] == "expect_column_values_to_change"]
        assert len(changes) == 4
        return {i["columns"][0]: i["rows"][0]["row"] for i in changes if not i["success"]}

    assert still() == {}
    table.loc[500:580, "net"] = 71.5
    assert still() == {"net": 500}


@pytest.mark.thorough
def test_a_stretch_that_training_holds_too_is_told_apart_from_a_common_value(tmp_path):
    table = orders()
    table["rain"] = np.where(np.arange(ROWS) // 60 % 3 > 0, 0.0, table["tax"])
    table.loc[200:350, "net"] = 71.5
    report = check(table, drafted(table, tmp_path), tmp_path)
    (item,) = [i for i in report["expectations"] if not i["success"] and "change" in i["type"]]
    assert item["columns"] == ["net"]
    assert item["because"].endswith("but for 151 of 71.5")


def test_rows_without_a_target_are_drafted_from_too(tmp_path):
    table = orders()
    is_open = np.arange(ROWS) % 4 > 0
    table.loc[is_open, ["sold", "tax"]] = None
    table.loc[is_open, "pieces"] += 500
    report = check(table, drafted(table, tmp_path), tmp_path)
    failed = [i for i in report["expectations"] if not i["success"]]
    assert (report["verdict"], failed) == ("pass", [])


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


def test_rows_outside_train_change_nothing(suite, tmp_path):
    table = orders()
    rows, columns = ingest(table, tmp_path)
    from ninefold.columns import to_frame

    part = split(to_frame(rows, columns), PROBLEM, validate("split", {"kind": "time"})).part
    others = part != "train"
    assert 200 < others.sum() < 500
    table.loc[others, "net"] *= 1000
    table.loc[others, "closed by"] = "Nobody"
    table.loc[others, "email"] = "none"
    table["pieces"] = np.where(others, 0.5, table["pieces"])
    assert drafted(table, tmp_path) == suite


def test_a_table_too_small_to_split_gets_kinds_only(tmp_path):
    with pytest.raises(InputError, match="at least 40 rows"):
        drafted(orders(rows=20), tmp_path)
    found = drafted(orders(rows=20), tmp_path, must_split=False)
    assert {item["type"] for item in rules(found)} == {"expect_column_to_be_of_kind"}
    assert "no train part" in found


def test_masked_values_do_not_stand_in_the_suite(tmp_path):
    rows, columns = ingest(orders(), tmp_path)
    masked = ["closed by", "net", "start", "end", "code", "email"]
    text = draft(rows, columns, PROBLEM, masked=masked)
    listed = [item for item in rules(text) if item.get("column") in masked]
    assert not [item for item in listed if "value_set" in item or "max_value" in item]
    assert "Ann" not in text
    assert "2022" not in text


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


def pictures(blank):
    """Return a table of 80 pictures, some of which are of one colour."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 255, (80, 6, 6, 1)).astype(np.uint8)
    cells[:blank] = 255
    columns = (
        Column("scan", "image", frozenset({"input"}), "grey 6"),
        Column("sold", "category", frozenset({"target"})),
    )
    sold = np.where(np.arange(80) % 2, "yes", "no").astype(object)
    values = {"scan": to_arrow(objects(cells), "image"), "sold": to_arrow(sold, "category")}
    return pa.table({ROW: np.arange(80), **values}), columns


@pytest.mark.parametrize("blank", [0, 3])
def test_pictures_of_one_colour_are_told_of_training_itself(blank, tmp_path):
    table, columns = pictures(blank)
    problem = ProblemSpec(target="sold", task="classification")
    (tmp_path / "s.yaml").write_text(draft(table, columns, problem), encoding="utf-8")
    write_table(tmp_path / "raw.parquet", table, columns)
    report = gate(tmp_path / "raw.parquet", tmp_path / "s.yaml", ValidateSpec(), tmp_path / "docs")
    rule = next(i for i in report["expectations"] if i["type"].endswith("to_be_at_least"))
    assert rule["success"] == (blank == 0)
    assert [row["row"] for row in rule["rows"]] == [*range(blank)]


def test_of_masked_pictures_no_number_stands_in_suite_or_report(tmp_path):
    table, columns = pictures(3)
    problem = ProblemSpec(target="sold", task="classification")
    text = draft(table, columns, problem, masked=["scan"])
    assert "scan brightness" in text
    assert not [i for i in rules(text) if "max_value" in i and "scan" in i.get("column", "")]
    (tmp_path / "s.yaml").write_text(draft(table, columns, problem), encoding="utf-8")
    write_table(tmp_path / "raw.parquet", table, columns)
    spec = ValidateSpec(mask=("scan",))
    report = gate(tmp_path / "raw.parquet", tmp_path / "s.yaml", spec, tmp_path / "docs")
    told = [i for i in report["expectations"] if i["columns"][:1] == ["scan brightness"]]
    assert told
    assert all(i["masked"] and i["kwargs"].get("max_value") in (None, "•••") for i in told)


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


def most(found, what):
    return next(i["max_value"] for i in found if i["type"].startswith(f"expect_table_{what}"))


def drawn(table, columns):
    return rules(draft(table, columns, ProblemSpec(task="clustering")))


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


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("?:-#,[]{}&*!|>'\"%@` \n\x85a1é~=", max_size=5), min_size=1), st.text("-:?#a ")
)
def test_any_level_and_name_is_read_as_it_was_drafted(levels, name):
    item = {"type": "t", "column": name, "value_set": levels, "severity": "warn", "because": name}
    assert rules(render([item])) == [item]


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


def test_a_heavy_tail_reaches_beyond_what_was_seen_and_a_light_one_hardly():
    rng = np.random.default_rng(0)
    heavy, light = rng.pareto(1.5, 2000), rng.uniform(0, 10, 2000)
    assert reach(heavy) > 3 * heavy.max()
    assert reach(light) <= 1.01 * light.max()
    coded = np.append(heavy, [99999.0] * 40)
    assert reach(coded) == 99999
    assert all(rng.pareto(1.5, 2000).max() < reach(heavy) for _ in range(20))
