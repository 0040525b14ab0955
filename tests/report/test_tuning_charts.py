"""Pictures of a search stand for any values that params may take."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from ninefold.report.charts.dots import Group, dots
from ninefold.report.charts.parallel import Line, parallel

numbers = st.floats(allow_nan=False, allow_infinity=False)
values = st.one_of(st.none(), st.booleans(), st.integers(), numbers, st.text(max_size=30))


@given(st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=5))
def test_every_trial_is_a_line_through_its_values(rows):
    lines = [Line(row, "faint") for row in rows]
    picture = ElementTree.fromstring(str(parallel("t", ["a", "b<", "c"], lines)))
    drawn = [node for node in picture if node.tag.endswith("polyline")]
    assert len(drawn) == sum(any(value is not None for value in row) for row in rows)
    for node in drawn:
        for point in node.attrib["points"].split():
            assert all(-1 <= float(number) <= 1000 for number in point.split(","))


@given(st.lists(st.tuples(numbers, numbers), max_size=6))
def test_every_dot_is_drawn(points):
    group = Group("trial", "data", [(x, y, f"{x} & {y}") for x, y in points])
    picture = ElementTree.fromstring(str(dots("t", [group], "x", "y", line=points)))
    assert sum(node.tag.endswith("circle") for node in picture) == len(points)
