"""A table that grows: no row changes its part."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ninefold.columns import Column, Frame
from ninefold.splitting import split
from tests.splitting.test_split import problem, replaced, spec, table


def first(frame, count):
    return frame.take(np.arange(count))


@given(st.integers(0, 99), st.integers(300, 900), st.booleans())
def test_rows_that_come_later_move_none(seed, before, grouped):
    asked = problem(group=("who",)) if grouped else problem()
    content = spec(kind="stable", seed=seed)
    whole = split(table(1000), asked, content)
    early = split(first(table(1000), before), asked, content)
    assert (early.part == whole.part[:before]).all()
    assert whole.manifest["disjoint"]["holds"]


def test_shares_are_met_on_average_and_the_seed_decides():
    parts = [split(table(5000), problem(), spec(kind="stable", seed=seed)) for seed in (0, 1)]
    for part in parts:
        assert abs(np.mean(part.part == "test") - 0.2) < 0.02
        assert abs(np.mean(part.part == "valid") - 0.15) < 0.02
    assert np.mean(parts[0].part == parts[1].part) < 0.6


def test_equal_rows_stay_together_and_what_is_derived_has_no_say():
    frame = table(800)
    frame = replaced(frame, **{name: np.tile(frame[name][:400], 2) for name in frame.data})
    parts = split(frame, problem(), spec(kind="stable"))
    assert (parts.part[:400] == parts.part[400:]).all()
    column = Column("twice", "number", frozenset({"derived"}))
    more = Frame((*frame.columns, column), {**frame.data, "twice": 2 * frame["a b"]}, frame.row)
    assert (split(more, problem(), spec(kind="stable")).part == parts.part).all()


def test_rows_that_may_part_are_told_apart_by_how_often_they_stood_before():
    coarse = replaced(table(900), **{"a b": np.zeros(900), "when": np.zeros(900, np.int64)})
    apart = split(coarse, problem(), spec(kind="stable", identical_rows="apart"))
    assert abs(np.mean(apart.part == "test") - 0.2) < 0.05
