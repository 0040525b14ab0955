"""Drafting again keeps what people changed: edits, additions and removals, comments and all."""

import argparse
import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from expectations.draft import block, heading, render
from expectations.merge import laid_beside, merge
from ninefold.errors import ConfigError
from tasks.commands import expectations
from tests.end_to_end.tables import messy, write

TYPES = ["expect_column_values_to_be_between", "expect_column_values_to_not_be_null"]
RULE = st.builds(
    lambda type_, column, value: {
        "type": type_, "column": column, "mostly": value, "severity": "warn", "because": "seen",
    },
    st.sampled_from(TYPES), st.sampled_from("abcd"), st.sampled_from([0.1, 0.5, 0.9]),
)  # fmt: skip
SUITE = st.lists(RULE, max_size=5, unique_by=lambda item: (item["type"], item["column"]))


def load(text):
    return YAML(typ="safe").load(text)["expectations"]


def key(item):
    return item["type"], item["column"]


@settings(max_examples=30)
@given(SUITE, SUITE, SUITE)
def test_edits_win_and_untouched_rules_follow_the_draft(mine, base, new):
    merged = merge(render(mine), render(base), render(new), "s.yaml")
    found = {key(item): item for item in load(merged.suite)}
    own, last, fresh = ({key(i): i for i in items} for items in (mine, base, new))
    for name in {*own, *last, *fresh}:
        if own.get(name) != last.get(name):
            assert found.get(name) == (own.get(name) or (None if name in last else fresh[name]))
        else:
            assert found.get(name) == fresh.get(name) or (name in last and name not in own)
    again = merge(merged.suite, merged.drafted, render(new), "s.yaml")
    assert again.diff == ""


@settings(max_examples=10)
@given(SUITE)
def test_an_untouched_suite_becomes_the_new_draft(new):
    text = render(new)
    merged = merge(text, text, text, "s.yaml")
    assert (merged.suite, merged.diff) == (text, "")


def test_comments_and_layout_of_kept_rules_stay():
    rule = {"type": TYPES[0], "column": "a", "mostly": 0.5, "severity": "warn", "because": "x"}
    other = {**rule, "column": "b"}
    mine = (
        "name: mine   # ours\nexpectations:\n  # about a\n"
        f"  - {{type: {TYPES[0]}, column: a, mostly: 0.5, severity: block, because: we know}}\n"
        f"  - type: {TYPES[1]}   # by hand\n    column: z\n    severity: warn\n\n  # the end\n"
    )
    merged = merge(mine, render([rule]), render([rule, other]), "s.yaml")
    assert merged.suite.startswith(mine.partition(f"  - type: {TYPES[1]}")[0])
    assert "# by hand" in merged.suite
    assert merged.suite.endswith("  # the end\n")
    assert [key(item) for item in load(merged.suite)] == [
        (TYPES[0], "a"), (TYPES[0], "b"), (TYPES[1], "z"),
    ]  # fmt: skip
    assert [line for line in merged.diff.splitlines() if line.startswith("-")] == ["--- s.yaml"]


def test_a_removed_rule_stays_removed_even_if_a_draft_in_between_lacks_it():
    rule = {"type": TYPES[0], "column": "a", "severity": "warn", "because": "x"}
    first = merge(render([]), render([rule]), render([]), "s.yaml")
    second = merge(first.suite, first.drafted, render([rule]), "s.yaml")
    assert load(second.suite) == []


def test_a_damaged_suite_is_said_in_one_line():
    with pytest.raises(ConfigError, match=r"s\.yaml") as error:
        merge("expectations: [", "", "", "s.yaml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "stays"),
    [
        ({"mostly": 0.993}, {"mostly": 0.994}, True),
        ({"mostly": 0.993}, {"mostly": 0.98}, False),
        ({"min_value": 0, "max_value": 90}, {"min_value": 0, "max_value": 92}, True),
        ({"min_value": 1, "max_value": 12}, {"min_value": 1, "max_value": 13}, False),
        ({"min_value": "2012-01-01", "max_value": "2020-01-01"},
         {"min_value": "2012-01-01", "max_value": "2020-03-01"}, True),
        ({"value_set": ["a", "b"]}, {"value_set": ["b", "a"]}, True),
        ({"value_set": ["a", "b"]}, {"value_set": ["a", "b", "c"]}, False),
        ({"max_value": 0.1}, {"max_value": 0.1, "mostly": 0.9}, False),
    ],
)  # fmt: skip
def test_a_rule_within_its_margin_stays_as_it_was_drafted(old, new, stays):
    before, after = (
        {"type": TYPES[0], "column": "a", **limits, "severity": "warn", "because": because}
        for limits, because in ((old, "1000 rows"), (new, "1100 rows"))
    )
    merged = merge(render([before]), render([before]), render([after]), "s.yaml")
    assert load(merged.suite) == [before if stays else after]
    assert (merged.diff == "") is stays
    assert merge(merged.suite, merged.drafted, render([after]), "s.yaml").diff == ""


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    from ninefold import cli

    write(messy(300, "binary"), tmp_path / "d.csv")
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", "d.csv", "--target", "y", "--yes"]) == 0
    return tmp_path


def command(*arguments):
    parser = argparse.ArgumentParser()
    expectations.add_arguments(parser)
    return expectations.main(parser.parse_args(["draft", *arguments]))


def test_drafting_again_from_the_same_data_changes_nothing(workspace, capsys):
    before = {p.name: p.read_bytes() for p in (workspace / "expectations").iterdir()}
    assert command("--yes") == 0
    assert "changes nothing" in capsys.readouterr().out
    assert {p.name: p.read_bytes() for p in (workspace / "expectations").iterdir()} == before


def test_the_command_shows_a_diff_and_writes_only_when_told(workspace, capsys):
    suite = workspace / "expectations" / "suite.yaml"
    items = load(suite.read_text())
    edited = copy.deepcopy(items[:-1])
    edited[0]["min_value"] = 7
    text = suite.read_text().replace(f"min_value: {items[0]['min_value']}", "min_value: 7", 1)
    suite.write_text(text)
    table = messy(300, "binary")
    table["visits"] += 1000
    write(table, workspace / "d.csv")
    assert command() == 0
    said = capsys.readouterr().out
    assert "+    because: ranged from 1000 to 1029" in said
    assert "-    because: ranged from 0 to 29" in said
    assert "nothing was written" in said
    assert suite.read_text() == text
    assert command("--yes") == 0
    found = load(suite.read_text())
    assert found[0]["min_value"] == 7
    assert "because: ranged from 1000 to 1029" in suite.read_text()


@pytest.mark.parametrize(
    ("suite", "said"),
    [
        ("expectations:\n\t- type: a\n", "line 2, column 1: a tab"),
        ("name: s\n", "`expectations` must be a list, however: there is none"),
        ("expectations: [{type: a}, 5]\n", "expectation 2 must be a mapping such as"),
    ],
)
def test_a_suite_with_a_mistake_is_one_line(suite, said):
    with pytest.raises(ConfigError) as caught:
        merge(suite, "", suite, "s.yaml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=20)
@given(SUITE)
def test_a_first_draft_is_laid_beside_as_merging_would(rules):
    new = render(rules, "A note.")
    assert laid_beside(new) == merge(new, "", new, "s.yaml").drafted


def test_the_difference_names_no_line_that_stays():
    rule = {"type": TYPES[0], "max_value": 1, "severity": "warn", "because": "seen"}
    old = [rule | {"column": f"c{n}"} for n in range(100)]
    new = [item | {"max_value": 2} for item in old]
    lines = merge(render(old), render(old), render(new), "s.yaml").diff.splitlines()
    changed = [line for line in lines[2:] if line[0] in "+-"]
    assert changed == ["-    max_value: 1", "+    max_value: 2"] * 100
    fewer = merge(render(old[:3]), render(old[:3]), render(old[:3:2]), "s.yaml")
    gone = [line for line in fewer.diff.splitlines()[2:] if line[0] in "+-"]
    assert sorted(gone) == sorted(
        f"-{line}" for line in (heading("c1") + block(old[1])).splitlines()
    )


def test_a_new_column_has_a_heading_and_one_that_is_gone_has_none():
    one, mine, two, three = (
        {"type": type_, "column": name, "severity": "warn", "because": "seen"}
        for type_, name in ((TYPES[0], "a"), (TYPES[1], "a"), (TYPES[0], "b"), (TYPES[0], "c"))
    )
    merged = merge(render([one, mine, three]), render([one, three]), render([one, two]), "s.yaml")
    assert merged.suite == render([one, mine, two])
