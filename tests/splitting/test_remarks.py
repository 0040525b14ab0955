"""Entities of very different size, rows that are lost: what becomes of them, what is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ninefold.columns import NAT, Column
from ninefold.splitting import split
from tests.splitting.test_split import DAY_US, problem, replaced, spec, table

SIZES = {
    "one of 60 %": [600] + [10] * 40,
    "two of 30 %": [300, 300] + [8] * 50,
    "ten alike": [100] * 10,
    "by Zipf": [max(1, 300 // (rank + 1)) for rank in range(200)],
}


def of_entities(sizes, seed):
    who = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    return replaced(table(len(who)), who=np.array([f"e{i}" for i in who], dtype=object))


def shares(parts):
    return [parts.manifest["parts"][name]["share"] for name in ("train", "valid", "test")]


@pytest.mark.parametrize("kind", ["group", "stratified_group"])
@pytest.mark.parametrize("name", SIZES)
@settings(max_examples=4)
@given(seed=st.integers(0, 10_000))
def test_parts_come_near_their_size_however_large_an_entity_is(kind, name, seed):
    frame = of_entities(SIZES[name], seed)
    parts = split(frame, problem(group=("who",)), spec(kind=kind, seed=seed))
    largest = max(SIZES[name]) / len(frame)
    np.testing.assert_allclose(shares(parts), [0.65, 0.15, 0.2], atol=max(0.02, largest / 2 + 0.02))
    if largest > 0.5:
        assert parts.manifest["parts"]["train"]["entities"] < 10
    assert parts.manifest["disjoint"]["holds"]


def test_a_large_entity_is_not_always_in_train():
    frame = of_entities(SIZES["ten alike"], 0)
    places = set()
    for seed in range(12):
        parts = split(frame, problem(group=("who",)), spec(kind="group", seed=seed))
        places.add(str(parts.part[frame["who"] == "e0"][0]))
    assert {"train", "test"} <= places


def test_a_part_far_from_its_size_is_told_of():
    frame = of_entities([450, 450] + [10] * 10, 0)
    said = split(frame, problem(group=("who",)), spec(kind="group")).manifest["warnings"]
    for text, part in zip(said[:2], ("valid", "test"), strict=True):
        assert text.startswith(f"the {part} part has ")
        assert f"where split.{part}_size asks for" in text
        assert "the largest of who that must stay together has 45%" in text
    years = np.random.default_rng(0).integers(0, 3, 400)
    frame = table().with_column(Column("when", "number", frozenset({"time"})), years * 1.0)
    said = split(frame, problem(time="when"), spec()).manifest["warnings"]
    assert all("rows of one `when` stay together" in text for text in said[:2])
    assert said[2:] == [
        "there are no folds inside train: models are compared on valid and test alone"
    ]
    assert split(table(), problem(), spec()).manifest["warnings"] == []


def test_lost_rows_are_told_of():
    frame = table()
    when, y, who = (frame[name].copy() for name in ("when", "y", "who"))
    y[np.argsort(when)[-3:]] = "new"
    when[:100] = NAT
    who[:60] = ""
    frame = replaced(frame, when=when, y=y, who=who)
    said = split(frame, problem(time="when"), spec()).manifest["warnings"]
    assert any(text.startswith("100 rows (25.0%) have no `when`") for text in said)
    assert any("classes that train lacks" in text for text in said)
    said = split(frame, problem(group=("who",)), spec()).manifest["warnings"]
    assert said[-1].startswith("60 rows (15.0%) have no who and count as entities of their own")


def test_a_row_without_an_entity_joins_none_that_is_called_as_its_number():
    frame = table()
    who = np.resize(np.arange(40.0), 400)
    who[200:240] = np.nan
    row = np.arange(400)
    row[200:240], row[:40] = np.arange(40), np.arange(200, 240)
    frame = frame.with_column(Column("who", "number", frozenset({"group"})), who)
    frame = type(frame)(frame.columns, frame.data, row)
    parts = split(frame, problem(group=("who",)), spec(kind="group"))
    counted = [part["entities"] for part in parts.manifest["parts"].values()]
    assert sum(counted) == 80


def test_few_entities_over_time_are_divided_by_time_with_the_reason():
    frame = table(entities=4)
    said = split(frame, problem(time="when", group=("who",)), spec()).manifest["split"]
    assert said["kind"] == "time"
    assert "who tells 4 entities apart, too few to hold some back" in said["why"]


def test_entities_of_three_years_are_kept_whole():
    year = np.arange(600) // 200
    who = np.array([f"e{i}" for i in np.arange(600) // 5], dtype=object)
    frame = replaced(table(600), when=year * 365 * DAY_US, who=who)
    said = split(frame, problem(time="when", group=("who",)), spec()).manifest["split"]
    assert said["kind"] == "group_time"
