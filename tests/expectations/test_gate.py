import html
import json
import re
from types import SimpleNamespace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.clues import clue
from expectations.draft import draft
from expectations.gate import gate, stop
from expectations.suite import implementations
from ninefold.columns import ROW, Column, read_columns, write_table
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.errors import ConfigError, GateError
from ninefold.problem import ProblemSpec
from ninefold.quality import ValidateSpec
from tests.end_to_end.tables import messy, write
from tests.rounds import quick

PROBLEM = ProblemSpec(target="y", task="classification", ids=("customer id",))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    table = messy(300, "binary")
    table.loc[5, "visits"] = 999
    table['odd "`name` {x} $y'] = table["visits"] * 1.5
    table.loc[7, 'odd "`name` {x} $y'] = float("inf")
    write(table, folder / "t.csv")
    spec = validate("ingest", {"kind": "file", "path": "t.csv"})
    write_table(folder / "raw.parquet", *read(spec, PROBLEM, folder))
    return folder / "raw.parquet"


def check(raw, tmp_path, *rules, **spec):
    suite = tmp_path / "expectations" / "s.yaml"
    suite.parent.mkdir(exist_ok=True)
    suite.write_text(json.dumps({"name": "s", "expectations": list(rules)}), encoding="utf-8")
    return gate(raw, suite, ValidateSpec(**spec), tmp_path / "docs")


RANGE = {"type": "expect_column_values_to_be_between", "column": "visits", "max_value": 100}


def test_a_block_lists_the_rows_writes_docs_and_stops(raw, tmp_path):
    report = check(raw, tmp_path, {**RANGE, "because": "nobody comes that often"})
    (found,) = report["expectations"]
    assert report["verdict"] == "block"
    assert found["unexpected_count"] == 1
    (row,) = found["rows"]
    assert row["row"] == 5
    assert row["values"]["visits"] == 999
    assert row["values"]["customer id"].startswith("C")
    assert (tmp_path / "docs" / "index.html").exists()
    said = (
        r"\(visits: max_value 100\): 1 row, such as row 5 \(customer id C\d+, visits 999\) — nobody"
    )
    with pytest.raises(GateError, match=said) as error:
        stop(report)
    assert error.value.exit_code == 3
    assert "expectations/s.yaml" in str(error.value)


def test_what_broke_a_rule_is_perhaps_a_mistake_but_not_where_it_is_masked(raw, tmp_path):
    rule = {"type": RANGE["type"], "column": "visits", "min_value": -900, "max_value": -1}
    said = check(raw, tmp_path, rule)["expectations"][0]["clue"]
    assert "with the other sign" in said
    assert said in (tmp_path / "docs" / "index.html").read_text(encoding="utf-8")
    assert "clue" not in check(raw, tmp_path, rule, mask=["visits"])["expectations"][0]


def test_text_of_the_data_stands_in_docs_as_it_is_and_is_no_markup(tmp_path):
    column, cell, level = (f"<img src=x onerror=alert({n})>" for n in range(3))
    table = pa.table({ROW: range(4), column: [cell, cell, "b", "b"], "n": [1.0, 1.0, 2.0, 2.0]})
    kinds = {column: "category", "n": "number"}
    columns = tuple(Column(name, kind, frozenset({"input"})) for name, kind in kinds.items())
    write_table(tmp_path / "raw.parquet", table, columns)
    levels = {"type": "expect_column_values_to_be_in_set", "column": column, "value_set": [level]}
    key = {"type": "expect_compound_columns_to_be_unique", "column_list": [column, "n"]}
    more = {"type": "expect_rows_to_satisfy", "expression": f"`{column}` == '{level}' and n < 9"}
    check(tmp_path / "raw.parquet", tmp_path, levels, key, {**more, "because": f"*{level}*"})
    pages = [path.read_text(encoding="utf-8") for path in (tmp_path / "docs").glob("*.html")]
    assert not [page for page in pages if "<img src=x" in page]
    results = next(page for page in pages if ">results<" not in page)
    for text in (column, cell, level, f"{cell}, 1"):
        assert html.escape(text) in results


@pytest.mark.parametrize(
    ("regex", "texts", "said"),
    [
        ("^[0-9]{5}$", ["01234", "1234", "77", "99999"], "with leading zeros, 5 digits long"),
        ("^[A-Z]{2}$", ["AB", " CD", "EF "], "without the blanks around them they match"),
        ("^[A-Z]{2}$", ["AB", "abc"], ""),
    ],
)
def test_a_pattern_broken_by_lost_zeros_or_blanks_says_so(regex, texts, said):
    rule = SimpleNamespace(
        type="expect_column_values_to_match_regex", columns=("zip",), kwargs={"regex": regex}
    )
    found = clue(rule, pd.DataFrame({"zip": texts}))
    assert found.startswith(said)
    assert bool(found) == bool(said)


def test_a_warning_does_not_stop(raw, tmp_path):
    report = check(raw, tmp_path, {**RANGE, "severity": "warn"})
    assert report["verdict"] == "warn"
    assert report["success"] is True
    stop(report)


def test_rows_are_bounded_and_masked(raw, tmp_path):
    rule = {**RANGE, "max_value": -1}
    report = check(raw, tmp_path, rule, max_rows=3, mask=["visits", "customer id"])
    (found,) = report["expectations"]
    assert found["unexpected_count"] == 300
    assert [row["row"] for row in found["rows"]] == [0, 1, 2]
    assert all(set(row["values"].values()) == {"•••"} for row in found["rows"])
    assert "999" not in (tmp_path / "docs" / "index.html").read_text()


def test_the_same_data_give_the_same_bytes(raw, tmp_path):
    pages = []
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        report = check(raw, tmp_path / name, RANGE)
        files = sorted((tmp_path / name / "docs").iterdir())
        pages.append((report, [file.read_bytes() for file in files]))
    assert pages[0] == pages[1]


def test_docs_need_no_network(raw, tmp_path):
    check(raw, tmp_path, RANGE)
    for page in (tmp_path / "docs").glob("*.html"):
        content = page.read_text(encoding="utf-8")
        assert not re.search(r"<(link|script|img)[^>]*(href|src)=[\"']?https?:", content)
        assert "style.css" in content


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"type": "expect_column_values_to_be_betwen"}, "did you mean"),
        ({"type": "expect_column_values_to_be_unique", "column": "vists"}, "`visits`"),
        ({**RANGE, "max_valu": 3}, "did you mean `max_value`"),
        ({**RANGE, "severity": "fatal"}, "block or warn"),
        ({"type": "expect_column_values_to_be_unique"}, "column"),
        ({"type": "expect_rows_to_satisfy", "expression": "visits >"}, "expression"),
        ({"type": "expect_rows_to_satisfy", "expression": "__import__('os')"}, "expression"),
        ({"type": "expect_rows_to_satisfy", "expression": "visists > 1"}, "`visits`"),
        ({**RANGE, "mostly": 2}, "`mostly` must be <= 1, however: 2"),
        ({**RANGE, "min_value": 9, "max_value": 3}, "must be <= `max_value`, however: 9 > 3"),
        (
            {"type": "expect_column_to_be_of_kind", "column": "city", "kind": "word"},
            "expect_column_to_be_of_kind: `kind` must be one of number, category, text, bool, "
            "datetime, however: 'word'",
        ),
        ("nonsense", "mapping"),
    ],
)
def test_a_mistake_in_the_suite_names_place_and_remedy(rule, says, raw, tmp_path):
    with pytest.raises(ConfigError, match=r"expectations/s\.yaml: expectation 1") as error:
        check(raw, tmp_path, rule)
    assert says in str(error.value)


def test_an_expectation_that_cannot_be_checked_is_told_apart(raw, tmp_path):
    rule = {"type": "expect_column_mean_to_be_between", "column": "city", "min_value": 1}
    report = check(raw, tmp_path, rule)
    (found,) = report["expectations"]
    assert (found["status"], report["counts"]["errors"]) == ("error", 1)
    with pytest.raises(GateError, match="could not be checked"):
        stop(report)


@pytest.mark.parametrize(
    ("rule", "passes"),
    [
        ({"type": "expect_rows_to_satisfy", "expression": "missing(city) or visits >= 0"}, True),
        ({"type": "expect_rows_to_satisfy", "expression": "`Größe (m²)` > 0"}, False),
        ({"type": "expect_rows_to_satisfy", "expression": "0 <= visits < 100"}, False),
        ({"type": "expect_rows_to_satisfy", "expression": "y in ['yes', 'no']"}, True),
        ({"type": "expect_column_to_be_of_kind", "column": "city", "kind": "category"}, True),
        ({"type": "expect_column_to_be_of_kind", "column": "city", "kind": "number"}, False),
        ({"type": "expect_column_to_be_of_kind", "column": "is.member", "kind": "bool"}, True),
        (
            {"type": "expect_column_values_to_be_finite", "column": 'odd "`name` {x} $y'},
            False,
        ),
        ({"type": "expect_column_values_to_be_mostly_numbers", "column": "visits"}, True),
        ({"type": "expect_column_values_to_be_mostly_numbers", "column": "city"}, False),
        ({"type": "expect_table_duplicate_share_to_be_at_most", "max_value": 0}, True),
        (
            {
                "type": "expect_column_values_to_be_between",
                "column": "signed 'up'",
                "min_value": "2021-01-01",
            },
            True,
        ),
        ({"type": "expect_column_to_exist", "column": "nowhere"}, False),
    ],
)
def test_expectations_hold_or_not(rule, passes, raw, tmp_path):
    report = check(raw, tmp_path, rule)
    (found,) = report["expectations"]
    assert found["error"] is None
    assert found["success"] is passes


def test_duplicate_rows_are_counted(tmp_path):
    table = pa.table({ROW: [0, 1, 2, 3], "a": ["x", "x", "y", None]})
    columns = read(
        validate("ingest", {"kind": "file", "path": "t.csv"}),
        ProblemSpec(target="a", task="classification"),
        write(table.drop_columns([ROW]).to_pandas(), tmp_path / "t.csv").parent,
    )[1]
    write_table(tmp_path / "raw.parquet", table, columns)
    rule = {"type": "expect_table_duplicate_share_to_be_at_most", "max_value": 0.2}
    (found,) = check(tmp_path / "raw.parquet", tmp_path, rule)["expectations"]
    assert found["observed"] == "1 of 4 rows (25.00%) repeat an earlier one"


@pytest.mark.parametrize("task", quick("many", of=["binary", "regression"]))
def test_a_drafted_suite_does_not_block_its_own_data(task, tmp_path):
    rows = messy(200, task)
    rows["const"], rows["nothing"] = 3, None
    rows["huge"] = [1e308, -1e308] * 100
    write(rows, tmp_path / "t.csv")
    problem = ProblemSpec(
        target="y",
        task="regression" if task == "regression" else "classification",
        ids=("customer id",),
        time="signed 'up'",
    )
    spec = validate("ingest", {"kind": "file", "path": "t.csv"})
    table, columns = read(spec, problem, tmp_path)
    write_table(tmp_path / "raw.parquet", table, columns)
    (tmp_path / "s.yaml").write_text(draft(table, columns, problem), encoding="utf-8")
    report = gate(tmp_path / "raw.parquet", tmp_path / "s.yaml", ValidateSpec(), tmp_path / "docs")
    failed = [item for item in report["expectations"] if not item["success"]]
    assert (report["verdict"], failed) == ("pass", [])
    assert len(report["expectations"]) > len(read_columns(tmp_path / "raw.parquet"))


def test_what_stops_the_run_is_not_warned_of_once_more(raw, tmp_path):
    few = {"type": "expect_column_values_to_be_in_set", "column": "city", "value_set": ["Ulm"]}
    rules = [{**few, "severity": "warn"}, {**few, "mostly": 0.5}]
    (told,) = check(raw, tmp_path, *rules)["expectations"]
    assert told["severity"] == "block"
    report = check(raw, tmp_path, rules[0], {**rules[1], "mostly": 0.0})
    assert [item["success"] for item in report["expectations"]] == [False, True]


def test_of_fresh_rows_one_may_break_what_a_share_of_training_may(raw, tmp_path):
    (tmp_path / "s.yaml").write_text(
        "name: s\nexpectations:\n"
        "  - {type: expect_table_duplicate_share_to_be_at_most, max_value: 0.001}\n",
        encoding="utf-8",
    )
    columns = read_columns(raw)
    table = pq.read_table(raw).slice(0, 40)
    for twice, verdict in ((1, "pass"), (2, "block")):
        rows = pa.concat_tables([table, table.slice(0, twice)])
        rows = rows.set_column(0, ROW, pa.array(range(rows.num_rows)))
        write_table(tmp_path / "f.parquet", rows, columns)
        spec = ValidateSpec()
        report = gate(tmp_path / "f.parquet", tmp_path / "s.yaml", spec, tmp_path / "docs", columns)
        assert report["verdict"] == verdict


def test_our_expectations_are_found():
    assert {"expect_rows_to_satisfy", "expect_column_values_to_be_finite"} <= set(implementations())


def test_rules_on_which_columns_there_are_see_those_of_the_table_only(raw, tmp_path):
    names = [column.name for column in read_columns(raw)]
    report = check(
        raw, tmp_path,
        {"type": "expect_column_to_exist", "column": "visits"},
        {"type": "expect_table_column_count_to_equal", "value": len(names)},
        {"type": "expect_table_columns_to_match_set", "column_set": names},
    )  # fmt: skip
    assert [item["success"] for item in report["expectations"]] == [True, True, True]


def test_a_rule_that_cannot_be_computed_leaves_the_others_alone(raw, tmp_path):
    report = check(
        raw, tmp_path,
        {"type": "expect_column_values_to_be_finite", "column": "customer id"},
        RANGE,
        {"type": "expect_column_values_to_not_be_null", "column": "customer id"},
    )  # fmt: skip
    assert [item["status"] for item in report["expectations"]] == ["error", "fail", "pass"]


def test_a_column_that_is_gone_is_one_line(raw, tmp_path):
    lost = [
        {"type": "expect_column_to_be_of_kind", "column": "visit", "kind": "number"},
        {**RANGE, "column": "visit"},
        {"type": "expect_rows_to_satisfy", "expression": "visit > 0 or visits > 0"},
        {"type": "expect_column_values_to_be_unique", "column": "vists"},
    ]
    with pytest.raises(ConfigError) as error:
        check(raw, tmp_path, RANGE, *lost)
    gone, typo = str(error.value).splitlines()
    assert "no column `visit`, which expectations 2, 3, 4 are about" in gone
    assert "did you mean" not in gone
    assert "did you mean `visits`" in typo
    with pytest.raises(ConfigError, match=r"is it called `visits` now\?"):
        check(raw, tmp_path, *lost[:2])


def test_a_column_of_another_kind_is_one_line(raw, tmp_path):
    kind = {"type": "expect_column_to_be_of_kind", "column": "city", "kind": "number"}
    others = [
        {**RANGE, "column": "city", "severity": "warn"},
        {"type": "expect_column_values_to_be_finite", "column": "city"},
        {"type": "expect_rows_to_satisfy", "expression": "city > visits"},
    ]
    report = check(raw, tmp_path, RANGE, kind, *others)
    assert [item["status"] for item in report["expectations"]] == ["fail", "fail"]
    with pytest.raises(GateError, match=r"city: kind number\): observed text; its 3 other rules"):
        stop(report)
    report = check(raw, tmp_path, {**kind, "severity": "warn"}, *others)
    assert [item["severity"] for item in report["expectations"]] == ["warn", "block", "block"]


def test_a_share_that_may_break_a_rule_is_a_whole_row_at_least_in_fresh_rows(raw, tmp_path):
    suite = tmp_path / "suites" / "s.yaml"
    suite.parent.mkdir()
    trained = read_columns(raw)
    for more, holds in (({"mostly": 0.999}, True), ({}, False)):
        rule = {**RANGE, **more}
        suite.write_text(json.dumps({"name": "s", "expectations": [rule]}), encoding="utf-8")
        arguments = (raw, suite, ValidateSpec(), tmp_path / "docs")
        assert not gate(*arguments)["expectations"][0]["success"]
        (found,) = gate(*arguments, trained)["expectations"]
        assert (found["success"], found["unexpected_count"]) == (holds, 1)


def test_what_training_breaks_fresh_rows_may_break_as_often(raw, tmp_path):
    suite = tmp_path / "suites" / "s.yaml"
    suite.parent.mkdir()
    rule = {**RANGE, "severity": "warn"}
    suite.write_text(json.dumps({"name": "s", "expectations": [rule]}), encoding="utf-8")
    arguments = (raw, suite, ValidateSpec(), tmp_path / "docs")
    training = json.loads(json.dumps(gate(*arguments)))["expectations"]
    assert [item["unexpected_count"] for item in training] == [1]
    known = read_columns(raw)
    assert gate(*arguments, known, training)["verdict"] == "pass"
    table = pq.read_table(raw)
    visits = pa.array([999] * 20 + table["visits"].to_pylist()[20:], table["visits"].type)
    at = table.column_names.index("visits")
    write_table(tmp_path / "raw.parquet", table.set_column(at, "visits", visits), known)
    assert gate(tmp_path / "raw.parquet", *arguments[1:], known, training)["verdict"] == "warn"
