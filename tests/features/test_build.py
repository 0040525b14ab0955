import datetime

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import NAT
from ninefold.config import validate
from ninefold.errors import ConfigError
from ninefold.features import FeaturizeSpec, build, dates_of, featurize
from ninefold.problem import ProblemSpec
from tests.features.frames import PROBLEM, calculate, derive, frame

LATE = ProblemSpec(target="late", task="classification", time="t", available_at={"delay": "after"})
DAY = datetime.datetime(2020, 1, 1)


def flights():
    return frame(
        {"delay": frozenset({"after"}), "t": frozenset({"time", "input"})},
        t=[DAY] * 3,
        born=[DAY, None, DAY],
        delay=[20.0, 3.0, np.nan],
        distance=[100.0, 0.0, 5.0],
        text_note=["hello world", "", "x"],
    )


def bins(name="late", column="delay", **more):
    return {"kind": "bins", "name": name, "column": column, "edges": [15], **more}


def test_the_target_may_be_derived_from_what_is_known_after():
    result = derive(flights(), bins(labels=["no", "yes"]), problem=LATE)
    assert result["late"].tolist() == ["yes", "no", ""]
    assert result.column("late").roles == {"target"}
    assert "delay" not in result.data
    assert result.column("t").roles == {"time", "input"}


def test_a_step_towards_the_target_is_no_feature():
    step = {"kind": "expression", "name": "total", "expression": "delay + 1"}
    result = derive(flights(), step, bins(column="total"), problem=LATE)
    assert {"total", "delay"}.isdisjoint(result.data)
    assert result["late"].tolist() == [">= 15", "< 15", ""]


@pytest.mark.parametrize("origin", ["delay", "late"])
def test_a_feature_from_what_is_known_after_is_refused(origin):
    entry = {"kind": "map", "name": "leak", "column": origin, "values": {"1": "a"}}
    with pytest.raises(ConfigError, match="`leak` must use what is known at prediction time"):
        derive(flights(), bins(), entry, problem=LATE)


def test_automatic_columns_suit_the_time_column_and_others():
    names = {c.name for c in derive(flights(), bins(), auto=True, problem=LATE).having("derived")}
    assert {"t_hour_sin", "t_weekday_cos", "born_month_sin", "born_days_to_t"} <= names
    assert {"text_note_words", "text_note_characters", "born_year"} <= names
    assert not {"t_year", "t_month_sin"} & names


@pytest.mark.parametrize(("years", "has_months"), [(1, False), (9, True)])
def test_months_of_the_time_column_are_features_where_they_come_round_often(years, has_months):
    dates = [datetime.datetime(2000 + year, 1, 1) for year in (0, years)]
    source = frame({"t": frozenset({"time", "input"})}, t=dates, x=[1.0, 2.0])
    problem = ProblemSpec(target="x", task="regression", time="t")
    spec = FeaturizeSpec()
    found = build(source.columns, problem, spec, dates_of(source, problem))[1]
    assert ("t_month_sin" in {column.name for column in found}) is has_months
    assert "t_year" not in {column.name for column in found}


@pytest.mark.parametrize("hour", [0, 9])
def test_whole_days_give_no_hour(hour):
    days = [datetime.datetime(2013, 1, 1), datetime.datetime(2013, 1, 2, hour), None]
    source = frame({"t": frozenset({"time", "input"})}, t=days, born=days, x=[1.0, 2.0, 3.0])
    problem = ProblemSpec(target="x", task="regression", time="t")
    found = build(source.columns, problem, FeaturizeSpec(), dates_of(source, problem))[1]
    names = {column.name for column in found}
    assert {"t_weekday_sin", "born_weekday_sin"} <= names
    assert ({"t_hour_sin", "born_hour_sin"} <= names) is bool(hour)


def test_nothing_to_derive_gives_the_frame_back():
    source = frame(x=[1.0, 2.0])
    model, columns = build(source.columns, PROBLEM, FeaturizeSpec())
    assert featurize(source, model, columns)["x"].tolist() == [1, 2]
    assert columns == ()


def test_an_empty_frame_is_featurized():
    source = flights().take(np.array([], dtype=int))
    assert len(derive(source, bins(), auto=True, problem=LATE)) == 0


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (bins(column="delya"), r"no column `delya` \(did you mean `delay`\?\)"),
        (bins(name="distance"), "`distance` must be a new name"),
        (bins(column="t"), "`t` must be a number, however: it is a datetime"),
        ({"kind": "calendar", "column": "delay"}, "`delay` must be a datetime"),
        ({"kind": "map", "name": "m", "column": "distance", "values": {"a": "b"}}, "be numbers"),
    ],
)
def test_a_mistake_is_named(entry, message):
    with pytest.raises(ConfigError, match=message):
        derive(flights(), entry, problem=LATE)


def test_an_unknown_target_is_refused():
    with pytest.raises(ConfigError, match=r"problem.target: no column `lat` \(did you mean `late`"):
        derive(flights(), bins(), problem=LATE.model_copy(update={"target": "lat"}))


def test_a_name_derived_twice_is_refused():
    with pytest.raises(ConfigError, match="derived twice"):
        derive(flights(), bins(), bins(), problem=LATE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"derive": [{**bins(), "edges": [2, 1]}]}, "edges must ascend"),
        ({"derive": [{**bins(), "labels": ["a"]}]}, "labels must be 2"),
        ({"derive": [{"kind": "cyclic", "column": "a"}]}, "either `part`"),
        ({"derive": [{"kind": "bin", "name": "a"}]}, "kind must be one of"),
        ({"derive": [{**bins(), "edgs": [1]}]}, "unknown key `featurize.derive.0.edgs`"),
    ],
)
def test_a_wrong_section_is_refused_before_data_is_read(content, message):
    with pytest.raises(ConfigError, match=message):
        validate("featurize", content)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=20), st.booleans())
def test_bins_are_numpys_digitize(values, is_right):
    edges = [-1.5, 0.0, 2.0]
    values = [*values, *edges, *np.nextafter(edges, 9).tolist(), np.nextafter(0, -1)]
    closed = "right" if is_right else "left"
    labels = ["a", "b", "c", "d"]
    entry = bins("g", "x", labels=labels, closed=closed) | {"edges": edges}
    result = derive(frame(x=values), entry)["g"]
    group = np.digitize(values, edges, right=is_right)
    assert result.tolist() == [
        "" if np.isnan(v) else labels[g] for v, g in zip(values, group, strict=True)
    ]


def test_map_merges_classes():
    source = frame(c=["a", "b", "", "z"], n=[1.0, 2.5, np.nan, 7.0], b=[True, False, True, True])

    def mapped(column, **more):
        return derive(source, {"kind": "map", "name": "m", "column": column, **more})["m"].tolist()

    assert mapped("c", values={"a": "A", "b": "A"}) == ["A", "A", "", "z"]
    assert mapped("c", values={"a": "A"}, other="rest") == ["A", "rest", "", "rest"]
    assert mapped("n", values={1: "one", 2.5: "two"}) == ["one", "two", "", ""]
    assert mapped("n", values={1: "one"}, other="rest") == ["one", "rest", "", "rest"]
    assert mapped("b", values={True: "yes", False: "no"}) == ["yes", "no", "yes", "yes"]


def test_ratio_is_missing_where_there_is_nothing_to_divide_by():
    entry = {"kind": "ratio", "name": "r", "numerator": "a", "denominator": "b"}
    result = derive(frame(a=[1.0, 1, np.nan, -4, 1e300], b=[0.0, -0.0, 2, 8, 1e-300]), entry)
    np.testing.assert_array_equal(result["r"], [np.nan, np.nan, np.nan, -0.5, np.nan])


def test_a_number_comes_round_with_its_period():
    angle = np.array([0.0, 90, 180, 270, 360, -90, np.nan])
    entry = {"kind": "cyclic", "column": "a", "period": 360}
    result = derive(frame(a=angle), entry)
    np.testing.assert_allclose(result["a_sin"], np.sin(np.radians(angle)), atol=1e-15)
    np.testing.assert_allclose(result["a_cos"], np.cos(np.radians(angle)), atol=1e-15)


def test_columns_may_build_on_derived_ones():
    hour = {"kind": "calendar", "column": "t", "parts": ["hour"]}
    night = {"kind": "expression", "name": "night", "expression": "t_hour < 6"}
    both = {"kind": "expression", "name": "n", "expression": "1 if night else 0"}
    source = frame(t=[DAY, DAY.replace(hour=9), None])
    np.testing.assert_array_equal(derive(source, hour, night, both)["n"], [1, 0, np.nan])


def test_names_that_graphs_use_inside_are_free_for_columns():
    names = ["X", "codes", "Add#1", "const#1", "Where#3", "out/q", ""]
    source = frame(**{name: [1.0, 2.0] for name in names if name})
    assert calculate(source, "`Add#1` + X * 2 + `Where#3` + `out/q`").tolist() == [5, 10]


def test_the_graph_has_the_same_bytes_each_time():
    def content():
        spec = FeaturizeSpec(derive=(bins(),))
        model, _ = build(flights().columns, LATE, spec)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)

    assert content() == content()


def test_rows_do_not_depend_on_their_batch():
    rng = np.random.default_rng(0)
    t = rng.integers(-(2**60), 2**60, 1001)
    t[::50] = NAT
    source = frame(t=[DAY] * 1001, born=[DAY] * 1001, x=rng.normal(size=1001) * 1e4)
    source = source.with_column(source.column("t"), t)
    spec = FeaturizeSpec(
        derive=(
            {"kind": "cyclic", "column": "x", "period": 7.3},
            {"kind": "expression", "name": "e", "expression": "exp(x / 1e4) + sin(x) + log(x)"},
        )
    )
    model, columns = build(source.columns, PROBLEM, spec)
    whole = featurize(source, model, columns)
    for index in (np.array([0]), np.arange(3, 8), np.arange(17, 1001), np.array([1000, 50])):
        part = featurize(source.take(index), model, columns)
        for column in columns:
            np.testing.assert_array_equal(part[column.name], whole[column.name][index])
