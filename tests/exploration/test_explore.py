"""The profile by hand: what was planted is seen, noise is not, test rows are never read."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ninefold.columns import Column, Frame
from ninefold.exploration.association import correlation_ratio, cramers_v
from ninefold.exploration.explore import explore
from ninefold.exploration.gaps import gaps
from ninefold.exploration.view import MAX_COLUMNS, MAX_ROWS, MAX_TESTED, look_at
from ninefold.files import jsonable
from ninefold.problem import ProblemSpec

INPUT = frozenset({"input"})


def frame(rows=600, task="classification", seed=0):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=rows)
    colour = rng.choice(["red", "blue", "green"], rows).astype(object)
    y = a + (colour == "red") + 0.5 * rng.normal(size=rows)
    gap = np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows))
    data = {
        "a": a,
        "twice": 2 * a + 0.001 * rng.normal(size=rows),
        "colour": colour,
        "gap": gap,
        "echo": np.where(np.isnan(gap), np.nan, rng.normal(size=rows)),
        "flag": rng.random(rows) < 0.3,
        "ssn": np.array([f"S{n:05d}" for n in rng.integers(0, 9, rows)], dtype=object),
        **{f"noise {i}": rng.normal(size=rows) for i in range(6)},
        "y": y if task == "regression" else np.where(y > 0, "yes", "no").astype(object),
    }
    kinds = {"f": "number", "O": "category", "b": "bool"}
    columns = tuple(
        Column(n, kinds[v.dtype.kind], frozenset({"target"}) if n == "y" else INPUT)
        for n, v in data.items()
    )
    return Frame(columns, data, np.arange(rows) * 2)


def found(task="classification", **more):
    return explore(frame(task=task, **more), ProblemSpec(target="y", task=task))


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_what_moves_the_target_leads_and_noise_does_not_hold(task):
    tests = found(task)["target"]["tests"]
    held = {t["column"] for t in tests if t["q"] <= 0.05}
    assert {"a", "twice", "colour"} <= held
    assert len(held) <= 4
    assert {t["column"] for t in tests[:3]} == {"a", "twice", "colour"}


def test_the_correction_is_that_of_benjamini_and_hochberg():
    tests = found()["target"]["tests"]
    expected = stats.false_discovery_control([t["p"] for t in tests], method="bh")
    assert [t["q"] for t in tests] == pytest.approx(expected)


def test_gaps_outliers_and_copies_are_seen():
    table = frame()
    table.data["noise 0"][[5, 77]] = 50.0
    report = explore(table, ProblemSpec(target="y", task="classification"))
    assert report["gaps"]["pairs"] == [{"a": "echo", "b": "gap", "phi": pytest.approx(1)}]
    assert report["gaps"]["patterns"] == [
        {"missing": [0, 1], "rows": 600 - report["gaps"]["complete"]}
    ]
    assert report["outliers"]["columns"][0]["column"] == "noise 0"
    assert report["outliers"]["columns"][0]["far"] == 2
    assert {10, 154} <= {row["row"] for row in report["outliers"]["rows"]}
    assert {c["column"] for c in report["collinearity"]["columns"][:2]} == {"a", "twice"}
    strongest = report["associations"]["strongest"][0]
    assert {strongest["a"], strongest["b"]} == {"a", "twice"}


def test_gaps_of_what_is_derived_are_those_of_its_column():
    table, derived = frame(), Column("gap twice", "number", frozenset({"input", "derived"}))
    data = {"gap twice": 2 * table.data["gap"], **table.data}
    view = look_at(Frame((derived, *table.columns), data, table.row), "y", "classification")
    assert [column["name"] for column in gaps(view)["columns"]] == ["gap", "echo"]


def test_numbers_that_only_rounding_tells_apart_are_one_bin():
    table = frame()
    angle = np.arange(600) % 7 * 2 * np.pi / 7
    table.data["noise 0"] = np.cos(angle) + (table.data["y"] == "yes")
    report = explore(table, ProblemSpec(target="y", task="classification"))
    (bins,) = [s["bins"] for s in report["shapes"] if s["column"] == "noise 0"]
    assert len(bins) == len({item["label"] for item in bins}) == 8


def test_masked_values_and_rows_do_not_come_out():
    report = explore(frame(), ProblemSpec(target="y", task="classification"), masked=["ssn", "a"])
    text = json.dumps(jsonable(report))
    assert "S0000" not in text
    assert "a" not in {s["column"] for s in report["shapes"]}


def test_bins_stand_in_the_order_of_their_values():
    values = np.concatenate([np.zeros(700), np.full(200, 0.4), np.linspace(0.05, 0.9, 300)])
    columns = (Column("x", "number", INPUT), Column("y", "number", frozenset({"target"})))
    rows = Frame(columns, {"x": values, "y": values + 1}, np.arange(len(values)))
    (shape,) = explore(rows, ProblemSpec(target="y", task="regression"))["shapes"]
    means = [item["value"] for item in shape["bins"]]
    assert means == sorted(means)
    assert [item["label"] for item in shape["bins"]].index("0.4") > 1


def test_long_and_wide_tables_are_sampled_and_capped_and_say_so():
    rng = np.random.default_rng(0)
    rows = MAX_ROWS + 5000
    data = {f"c{i}": rng.normal(size=rows) for i in range(5)}
    data["y"] = rng.normal(size=rows)
    columns = tuple(Column(n, "number", INPUT) for n in data)
    view = look_at(Frame(columns, data, np.arange(rows)), "y", "regression")
    assert (len(view.frame), view.rows) == (MAX_ROWS, rows)
    few = {f"c{i}": rng.normal(size=50) for i in range(620)} | {"y": rng.normal(size=50)}
    few["c599"] = few["y"] + rng.normal(size=50)
    columns = tuple(Column(n, "number", INPUT) for n in few)
    report = explore(Frame(columns, few, np.arange(50)), ProblemSpec(target="y", task="regression"))
    assert report["looked_at"] == {"rows": 50, "columns": MAX_TESTED, "left_out": 20, "related": 60}
    assert report["target"]["tests"][0]["column"] == "c599"
    assert len(report["associations"]["columns"]) == MAX_COLUMNS + 1


def test_the_same_rows_give_the_same_report():
    assert json.dumps(jsonable(found())) == json.dumps(jsonable(found()))


@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 1000))
def test_independent_columns_have_no_association_and_copies_all(a, b, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, a, 2000), rng.integers(0, b, 2000)
    assert cramers_v(x, y) < 0.12
    assert cramers_v(x, x) == pytest.approx(1)
    assert correlation_ratio(x, rng.normal(size=2000)) < 0.12
    assert correlation_ratio(x, x.astype(float)) == pytest.approx(1)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(width=32) | st.none(), st.sampled_from(["", "u", "v"]), st.booleans()),
        min_size=2, max_size=40,
    )
)  # fmt: skip
def test_odd_tables_never_break_it(rows):
    data = {
        "n": np.array([np.nan if r[0] is None else r[0] for r in rows], dtype=float),
        "c": np.array([r[1] for r in rows], dtype=object),
        "y": np.array(["p" if r[2] else "q" for r in rows[:-2]] + ["p", "q"], dtype=object),
    }
    columns = tuple(
        Column(n, k, INPUT) for n, k in zip(data, ("number", "category", "category"), strict=True)
    )
    report = explore(
        Frame(columns, data, np.arange(len(rows))), ProblemSpec(target="y", task="classification")
    )
    json.dumps(jsonable(report), allow_nan=False)
