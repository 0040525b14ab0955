"""A drafted suite: silent on honest rows, exact on planted faults, blind to test rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.draft import draft, render
from ninefold.config import validate
from ninefold.errors import InputError
from ninefold.splitting import split
from tests.expectations.drafts import PROBLEM, ROWS, check, drafted, ingest, orders, rules
from tests.rounds import quick


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return drafted(orders(), tmp_path_factory.mktemp("draft"))


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


def test_rows_without_a_target_are_drafted_from_too(tmp_path):
    table = orders()
    is_open = np.arange(ROWS) % 4 > 0
    table.loc[is_open, ["sold", "tax"]] = None
    table.loc[is_open, "pieces"] += 500
    report = check(table, drafted(table, tmp_path), tmp_path)
    failed = [i for i in report["expectations"] if not i["success"]]
    assert (report["verdict"], failed) == ("pass", [])


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


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("?:-#,[]{}&*!|>'\"%@` \n\x85a1é~=", max_size=5), min_size=1), st.text("-:?#a ")
)
def test_any_level_and_name_is_read_as_it_was_drafted(levels, name):
    item = {"type": "t", "column": name, "value_set": levels, "severity": "warn", "because": name}
    assert rules(render([item])) == [item]


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
