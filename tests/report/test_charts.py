import math
import re

from hypothesis import given
from hypothesis import strategies as st

from ninefold.report.charts.bars import histogram, levels, shares, stacked
from ninefold.report.charts.canvas import CHARACTER, WIDTH, shortened, told_apart
from ninefold.report.charts.heatmap import confusion
from ninefold.report.charts.intervals import Row, forest
from ninefold.report.charts.lines import Curve, lines
from ninefold.report.charts.scale import DateScale, Scale, bounds, tick_labels
from ninefold.report.charts.timeline import timeline
from ninefold.report.markup import count, interval, number, percent, prose, tag
from tests.report.reading import read

FINITE = st.floats(-1e15, 1e15)
ANY = st.none() | st.floats() | st.integers(-(10**20), 10**20)


@given(st.lists(st.none() | st.floats()))
def test_bounds_hold_every_finite_value_and_are_never_empty(values):
    low, high = bounds(values)
    assert low < high
    assert math.isfinite(high - low)


@given(FINITE, FINITE)
def test_ticks_rise_inside_the_axis_and_can_be_told_apart(a, b):
    low, high = bounds([a, b])
    ticks = Scale(low, high, 0, 100).ticks()
    assert 1 <= len(ticks) <= 12
    assert all(low - 1e-6 * (high - low) <= t <= high + 1e-6 * (high - low) for t in ticks)
    assert len(set(tick_labels(ticks))) == len(ticks)


@given(ANY)
def test_any_number_is_worded(value):
    assert number(value)
    assert "nan" not in number(value)
    assert "inf" not in number(value)


def test_numbers_are_worded_for_people():
    assert [number(v) for v in (0.69082, 29164, 2013.0, 1e-7, None, -3.25, float("nan"))] == [
        "0.6908", "29,164", "2013", "1e−07", "–", "−3.25", "–",
    ]  # fmt: skip
    assert [percent(v) for v in (0, 0.00004, 0.004, 0.12, 0.9999, 1)] == [
        "0 %", "< 0.1 %", "0.4 %", "12 %", "> 99.9 %", "100 %",
    ]  # fmt: skip
    assert count(1, "row") == "1 row"
    assert count(2000, "category", "categories") == "2,000 categories"
    assert interval({"low": None, "high": 1.0}) == ""


@given(st.text())
def test_text_is_escaped_whatever_it_is(text):
    page = read(tag("p", text, title=text) + prose(text))
    assert set(page.tags) <= {"p", "code"}


@given(st.text(max_size=80), st.integers(6, 40))
def test_long_names_are_cut(text, most):
    assert len(shortened(text, most)) <= max(most, len("(empty)"))


@given(st.lists(st.tuples(st.text(max_size=40), ANY, ANY, ANY), max_size=12))
def test_a_forest_is_drawn_from_any_estimates(rows):
    drawn = [Row(name, *map(real, values)) for name, *values in rows]
    picture = forest("Forest", drawn, "x", reference=(0.5, "all"), band=(0.4, 0.6))
    assert read(picture).tags[0] == "svg"
    assert "nan" not in picture


def real(value):
    return float(value) if value is not None and math.isfinite(value) else None


@given(st.lists(st.tuples(FINITE, FINITE), max_size=20))
def test_lines_are_drawn_from_any_points(points):
    picture = lines("Lines", [Curve("a <b>", points, "network", has_dots=True)], "x", "y")
    read(picture)


@given(st.lists(st.integers(0, 10**9), max_size=40))
def test_bars_are_drawn_from_any_counts(counts):
    read(histogram("Bars", counts, ("low", "high")))
    read(levels("Levels", [(f"l{i}", c) for i, c in enumerate(counts)], sum(counts)))
    read(stacked("Parts", [(f"p{i}", c, "train") for i, c in enumerate(counts)]))


@given(st.integers(1, 21), st.integers(0, 1000))
def test_a_confusion_matrix_of_any_size_is_drawn(size, amount):
    names = [f"class {i} with a rather long name" for i in range(size)]
    picture = confusion("Confusion", names, [[amount] * size for _ in range(size)])
    assert read(picture).tags.count("rect") == size * size


def test_a_timeline_takes_dates_and_numbers():
    dates = [
        ("train", "2020-01-01T00:00:00", "2020-03-01", "train"),
        ("test", "2020-03-02", "2020-03-02", "test"),
    ]
    assert "2020-03-01" in timeline("Time", dates)
    assert "12.5" in timeline("Time", [("train", 1.0, 12.5, "train")])


@given(st.integers(-(10**16), 10**16), st.integers(60_000_000, 10**16))
def test_dates_on_an_axis_rise_and_can_be_told_apart(low, span):
    marks = DateScale(low, low + span, 0, 400).marks()
    assert len({text for _, text in marks}) == len(marks) <= 6
    assert all(low <= place <= low + span for place, _ in marks)
    assert marks or span < 3 * 86_400_000_000


def test_an_axis_of_dates_says_days_or_minutes():
    day = 86_400_000_000
    assert [text for _, text in DateScale(0, 8 * day, 0, 1).marks()] == [
        "1970-01-01", "1970-01-03", "1970-01-05", "1970-01-07", "1970-01-09"
    ]  # fmt: skip
    assert DateScale(0, day // 2, 0, 1).marks()[1][1] == "1970-01-01 03:00"
    picture = lines("t", [Curve("a", [(0, 1), (8 * day, 2)], "network")], "a", "y", are_dates=True)
    assert "1970-01-03" in read(str(picture)).text


def test_names_cut_short_stay_apart():
    names = [f"scheduled_departure_{part}" for part in ("weekday_sin", "month_sin", "hour_sin")]
    assert len(set(told_apart(names, 15))) == 3
    assert told_apart(["short", "short"], 15) == ["short", "short"]


def test_a_share_is_100_per_cent_only_if_it_is():
    assert [percent(share) for share in (0.997, 0.9999, 1.0, 0.99)] == [
        "99.7 %", "> 99.9 %", "100 %", "99 %"
    ]  # fmt: skip


def test_names_of_models_stand_whole_before_their_bars():
    name = "histogram gradient boosting better"
    assert f">{name}</text>" in forest("title", [Row(name, 0.5, 0.4, 0.6)], "x")
    assert f">{name}</text>" in shares("title", [(name, 0.5, "50 %")])
    long = "a column whose name is as long as a sentence would be"
    assert f">{long}</text>" not in shares("title", [(long, 0.5, "50 %")])


def test_the_title_of_an_axis_stays_inside_the_picture():
    title = "← " + "histogram gradient boosting" + " better · roc_auc · network better →"
    row = Row("gain of the network", -0.2, -0.3, -0.1)
    (x,) = re.findall(r'x="([\d.]+)"[^>]*>← histogram', str(forest("gain", [row], title)))
    assert float(x) + CHARACTER * len(title) / 2 <= WIDTH + 0.1
