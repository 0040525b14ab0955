"""Expectations of our own: a planted fault is found with its rows, the honest twin is silent."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.gate import gate
from expectations.wording import sentence
from ninefold.columns import write_table
from ninefold.config import validate
from ninefold.datasets import read
from ninefold.exploration.collinearity import condition_number, variance_inflation
from ninefold.exploration.learning_curve import learning_curve
from ninefold.exploration.outliers import robust_z
from ninefold.exploration.twins import conflicts, near_twins
from ninefold.problem import ProblemSpec
from ninefold.quality import ValidateSpec
from tests.end_to_end.tables import write

ROWS = 400
BAD = [37, 211, 399]


def honest():
    rng = np.random.default_rng(4)
    a = rng.normal(10, 2, ROWS)
    return pd.DataFrame(
        {
            "id": np.arange(ROWS) + 1000,
            "step": np.arange(ROWS) // 2,
            "a": a,
            "b": rng.normal(0, 1, ROWS),
            "c": rng.gamma(3, 2, ROWS),
            "colour": rng.choice(["red", "blue"], ROWS),
            "note": [f"seen {n} times by {n % 9}" for n in range(ROWS)],
            "y": np.where(a > 10, "yes", "no"),
        }
    )


def near_copies(t):
    keep = t.loc[BAD, ["id", "step"]].copy()
    for bad in BAD:
        t.loc[bad] = t.loc[bad - 5]
    t.loc[BAD, "id"] = keep["id"]
    t.loc[BAD, "b"] += 3
    return t


def conflicting(t):
    t["a"] = t["a"].astype(float)
    t.loc[[8, 9], t.columns.drop(["id", "y"])] = None
    t.loc[[8, 9], "y"] = ["yes", "no"]
    for bad in BAD:
        t.loc[bad, t.columns.drop("id")] = t.loc[bad - 5, t.columns.drop("id")]
        t.loc[bad, "y"] = {"yes": "no", "no": "yes"}[t.loc[bad, "y"]]
    return t


def at(column, value):
    def change(t):
        t[column] = t[column].astype(object)
        t.loc[BAD, column] = value
        return t

    return change


def follows(t):
    t["b"] = 3 * t["a"] + 0.001 * t["b"]
    return t


def far_out(t):
    t.loc[BAD, ["a", "b", "c"]] = [60.0, -30.0, 200.0]
    return t


def rare(t):
    t["colour"] = "red"
    t.loc[BAD, "colour"] = "blue"
    return t


PAIRS = [b - 5 for b in BAD]
CASES = {
    "near duplicates": (
        {"type": "expect_table_near_duplicate_share_to_be_at_most", "max_value": 0,
         "ignore": ["id"]},
        near_copies, BAD,
    ),
    "label conflicts": (
        {"type": "expect_table_label_conflict_share_to_be_at_most", "max_value": 0, "target": "y",
         "ignore": ["id"]},
        conflicting, sorted([*BAD, *PAIRS]),
    ),
    "robust z": (
        {"type": "expect_column_values_to_have_robust_z_at_most", "column": "a", "max_z": 8},
        at("a", 80.0), BAD,
    ),
    "isolation": (
        {"type": "expect_table_isolated_share_to_be_at_most", "max_value": 0, "threshold": 0.76,
         "ignore": ["id", "step"]},
        far_out, BAD,
    ),
    "collinearity": (
        {"type": "expect_table_variance_inflation_to_be_at_most", "max_value": 10,
         "ignore": ["id", "step"]},
        follows, [],
    ),
    "condition number": (
        {"type": "expect_table_condition_number_to_be_at_most", "max_value": 30,
         "ignore": ["id", "step"]},
        follows, [],
    ),
    "class balance": (
        {"type": "expect_column_class_share_to_be_at_least", "column": "colour", "min_value": 0.1},
        rare, [],
    ),
    "class rows": (
        {"type": "expect_column_class_rows_to_be_at_least", "column": "colour", "min_value": 20},
        rare, [],
    ),
    "sequence": (
        {"type": "expect_column_values_to_be_monotone", "column": "step"}, at("step", -1), BAD,
    ),
    "tokens": (
        {"type": "expect_column_values_to_have_tokens_between", "column": "note", "min_value": 2,
         "max_value": 10},
        at("note", "short"), BAD,
    ),
    "whole numbers": (
        {"type": "expect_column_values_to_be_whole", "column": "step"}, at("step", 0.5), BAD,
    ),
    "spelling": (
        {"type": "expect_column_values_to_be_spelled_alike", "column": "colour"},
        at("colour", "Red"), BAD,
    ),
    "at least": (
        {"type": "expect_column_values_to_be_at_least", "column": "step", "min_value": 0},
        at("step", -1), BAD,
    ),
}  # fmt: skip


def check(table, rules, folder, name):
    write(table, folder / f"{name}.csv")
    spec = validate("ingest", {"kind": "file", "path": f"{name}.csv"})
    problem = ProblemSpec(target="y", task="classification", ids=("id",))
    write_table(folder / f"{name}.parquet", *read(spec, problem, folder))
    (folder / "s.yaml").write_text(json.dumps({"name": "s", "expectations": rules}))
    found = gate(folder / f"{name}.parquet", folder / "s.yaml", ValidateSpec(), folder / name)
    return found["expectations"]


def test_the_honest_table_meets_them_all(tmp_path):
    found = check(honest(), [rule for rule, _, _ in CASES.values()], tmp_path, "honest")
    assert [item for item in found if not item["success"]] == []


@pytest.mark.parametrize("name", CASES)
@pytest.mark.some(6)
def test_a_planted_fault_is_found_with_its_rows(name, tmp_path):
    rule, plant, rows = CASES[name]
    (item,) = check(plant(honest()), [rule], tmp_path, "bad")
    assert item["error"] is None
    assert not item["success"]
    assert [row["row"] for row in item["rows"]] == rows
    if not rows:
        assert any(c.isdigit() for c in item["observed"])


def test_enough_data_is_told_by_what_doubling_would_buy(tmp_path):
    rule = {
        "type": "expect_table_to_be_large_enough", "target": "y", "task": "classification",
        "ignore": ["id", "note"], "max_gain": 0.02,
    }  # fmt: skip
    (item,) = check(honest(), [rule], tmp_path, "enough")
    assert item["success"]
    assert "doubling the data would buy about" in item["observed"]


def test_blanks_at_the_edge_of_a_level_are_seen_in_the_sentence(tmp_path):
    rule = CASES["spelling"][0]
    (item,) = check(at("colour", "red ")(honest()), [rule], tmp_path, "bad")
    assert "(id 1037, colour 'red ')" in sentence(item)


def test_a_name_that_is_no_column_is_refused(tmp_path):
    from ninefold.errors import ConfigError

    rule = {"type": "expect_table_near_duplicate_share_to_be_at_most", "max_value": 0}
    with pytest.raises(ConfigError, match="no column `idd`"):
        check(honest(), [{**rule, "ignore": ["idd"]}], tmp_path, "bad")


def test_variance_inflation_is_that_of_least_squares():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    X[:, 3] = X[:, 0] - 2 * X[:, 1] + 0.3 * rng.normal(size=500)
    others = np.column_stack([np.ones(500), X[:, :3]])
    left = X[:, 3] - others @ np.linalg.lstsq(others, X[:, 3], rcond=None)[0]
    expected = X[:, 3].var() / left.var()
    assert variance_inflation(X)[3] == pytest.approx(expected, rel=1e-2)
    assert variance_inflation(X)[2] == pytest.approx(1, abs=0.05)
    assert condition_number(X[:, :3]) < 1.5


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), min_size=1, max_size=12))
def test_near_twins_and_conflicts_agree_with_comparing_every_pair(rows):
    columns = [np.array([row[i] for row in rows], dtype=float) for i in range(4)]
    expected = [
        any(sum(a != b for a, b in zip(row, rows[j], strict=True)) == 1 for j in range(i))
        and row not in rows[:i]
        for i, row in enumerate(rows)
    ]
    assert near_twins(columns).tolist() == expected
    labels = columns.pop()
    expected = [any(r[:3] == s[:3] and r[3] != s[3] for s in rows) for r in rows]
    assert conflicts(columns, labels).tolist() == expected


@given(st.lists(st.floats(), max_size=20))
def test_robust_z_takes_any_numbers(values):
    found = robust_z(np.array(values, dtype=float))
    assert len(found) == len(values)


def test_a_learning_curve_sees_whether_more_rows_would_help():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 12))
    hard = ((X[:, 0] * X[:, 1] > 0) ^ (X[:, 2] > 0)).astype(int)
    easy = (X[:, 0] > 0).astype(int)
    found = [learning_curve(X, y, "classification")["doubled"] for y in (hard, easy)]
    assert found[0]["gain"] > 0.01
    assert found[1]["gain"] < 0.005
    assert learning_curve(X[:50], easy[:50], "classification") is None


def test_a_gain_inside_its_noise_breaks_no_limit():
    from expectations.custom.table_to_be_large_enough import ExpectTableToBeLargeEnough

    rule = ExpectTableToBeLargeEnough(target="y", task="regression", max_gain=0.005)
    for seed, noise in ((2, 3), (6, 3), (0, 0)):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(300, 4))
        y = X[:, 0] * (1 if noise else X[:, 1]) + noise * rng.normal(size=300)
        found = learning_curve(X, y, "regression")["doubled"]
        assert found["low"] <= found["gain"] <= found["high"]
        judged = rule.judge(pd.DataFrame(X, columns=list("abcd")).assign(y=y))
        assert judged["success"] is bool(noise)
        assert f"({found['low']:.3f} to {found['high']:.3f}" in judged["result"]["observed_value"]
