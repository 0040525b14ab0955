"""Copies that the split kept together warn; records that meet by chance do not."""

import numpy as np
import pytest

from ninefold.leakage.repeated_rows import RepeatedRowsCheck
from tests.leakage.reports import asked, at_random, loud, report


def people(rng, n):
    age = rng.integers(18, 70, n)
    return {
        "age": age,
        "children": rng.integers(0, 4, n),
        "region": rng.choice(["north", "south", "west"], n).astype(object),
        "income": (20 + age / 3 + rng.normal(0, 9, n)).round(1),
        "rent": rng.gamma(4, 2, n).round(1),
        "buys": np.where(rng.random(n) < 0.15, "yes", "no").astype(object),
    }


def taken(data, rows):
    return {name: values[rows] for name, values in data.items()}


def copied(rng):
    return np.concatenate([np.arange(600), rng.choice(600, 40)])


def with_replacement(rng):
    return rng.integers(0, 600, 600)


@pytest.mark.parametrize("drawn", [copied, with_replacement])
def test_copies_kept_together_warn_with_their_test_rows(drawn):
    rng = np.random.default_rng(3)
    rows = drawn(rng)
    order = rng.permutation(len(rows))
    found = loud(report(taken(people(rng, 600), rows[order]), "income"), "rows.repeated")
    assert len(found) == 1
    size = np.bincount(rows, minlength=600)
    assert all(size[rows[order][row]] > 1 for row in found[0]["rows"])


def test_rows_drawn_with_replacement_before_a_split_by_lot_warn():
    """Most rows of train have a twin inside train, too."""
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 600, 1800)
    part = np.where(rng.random(1800) < 0.25, "test", "train").astype(object)
    found = loud(report(taken(people(rng, 600), rows), "buys", part), "rows.repeated")
    assert len(found) == 1
    both = np.isin(rows, rows[part == "train"]) & (part == "test")
    assert found[0]["rows"] == np.flatnonzero(both).tolist()


def test_train_rows_drawn_again_after_the_split_are_silent():
    rng = np.random.default_rng(3)
    part = np.where(rng.random(600) < 0.25, "test", "train").astype(object)
    rows = np.concatenate([np.arange(600), rng.choice(np.flatnonzero(part == "train"), 900)])
    data = taken(people(rng, 600), rows)
    assert not loud(report(data, "buys", part[rows]), "rows.repeated", "rows.duplicate")


def test_a_class_balanced_by_drawing_it_again_warns():
    rng = np.random.default_rng(4)
    data = people(rng, 900)
    data["income"], data["rent"] = data["income"].round(), data["rent"].round()
    rare = np.flatnonzero(data["buys"] == "yes")
    rows = rng.permutation(np.concatenate([np.arange(900), rng.choice(rare, 500)]))
    assert loud(report(taken(data, rows), "buys"), "rows.repeated")


def coarse(rng, n):
    """Return answers of few levels, in which people often meet but for one; buyers are fewer."""
    data = {
        name: rng.integers(0, levels, n)
        for name, levels in {"age": 30, "town": 8, "school": 5, "income": 10, "car": 2}.items()
    }
    return {**data, "buys": np.where(rng.random(n) < 0.2, "yes", "no").astype(object)}


@pytest.mark.parametrize(("again", "named"), [(600, 1), (0, 0)])
def test_a_class_drawn_again_in_a_coarse_table_is_told_by_the_other_classes(again, named):
    """Its records have neighbours, too, so that only the other classes tell what chance gives."""
    rng = np.random.default_rng(8)
    data = coarse(rng, 1600)
    rare = np.flatnonzero(data["buys"] == "yes")
    rows = rng.permutation(np.concatenate([np.arange(1600), rng.choice(rare, again)]))
    found = asked(RepeatedRowsCheck(), taken(data, rows), "buys", at_random(len(rows)))
    assert [item.severity for item in found] == ["warn"] * named


def test_a_homogeneous_class_of_a_coarse_table_is_silent():
    """Most of its members answer the first level everywhere: they meet far oftener than others."""
    rng = np.random.default_rng(9)
    data = coarse(rng, 1600)
    same = (data["buys"] == "no")[:, None] & (rng.random((1600, 5)) < 0.8)
    for at, name in enumerate(["age", "town", "school", "income", "car"]):
        data[name] = np.where(same[:, at], 0, data[name])
    assert not asked(RepeatedRowsCheck(), data, "buys", at_random(1600))


@pytest.mark.parametrize("target", ["buys", "income"])
def test_records_that_meet_by_chance_are_silent(target):
    rng = np.random.default_rng(5)
    data = people(rng, 3000)
    data["income"], data["rent"] = (data["income"] / 10).round(), (data["rent"] / 9).round()
    assert not loud(report(data, target), "rows.repeated")


@pytest.mark.parametrize(("again", "named"), [(200, 1), (0, 0)])
def test_copies_of_records_that_often_have_a_neighbour_warn(again, named):
    """They have it in one column; by what pairs of columns say of each other, hardly any meet."""
    rng = np.random.default_rng(5)
    data = people(rng, 1500)
    data["rent"], data["income"] = (data["rent"] / 2).round(), (data["income"] / 3).round()
    data["pets"] = rng.integers(0, 40, 1500)
    rows = rng.permutation([*range(1500), *rng.choice(1500, again, replace=False)])
    found = loud(report(taken(data, rows), "buys"), "rows.repeated")
    assert len(found) == named


def test_records_of_shared_facts_are_silent():
    """Two people of one place with one habit are one row: all else follows from the place."""
    rng = np.random.default_rng(6)
    place = rng.integers(0, 300, 1200)
    facts = rng.normal(0, 1, (300, 6)).round(3)[place]
    data = {f"fact_{i}": facts[:, i] for i in range(6)}
    data["mode"] = rng.choice(["car", "boat", "pier"], 1200).astype(object)
    assert not loud(report(data, "mode"), "rows.repeated")


def test_train_rows_drawn_again_make_no_label_of_test_suspicious():
    rng = np.random.default_rng(7)
    y = rng.random(1500) < 0.12
    x = rng.normal(0, 1, (1500, 4)) + 2 * (y & (rng.random(1500) < 0.7))[:, None]
    part = np.where(rng.random(1500) < 0.25, "test", "train").astype(object)
    again = rng.choice(np.flatnonzero(y & (part == "train")), 800)
    rows = np.concatenate([np.arange(1500), again])
    data = {f"x{i}": x[rows, i] for i in range(4)}
    data["y"] = np.where(y[rows], "yes", "no").astype(object)
    assert not loud(report(data, "y", part[rows]))


def dated(rng, rows):
    """Return people entered again and again, in this order, each time at a new moment."""
    seconds = np.sort(rng.choice(10**8, len(rows), replace=False))
    known = people(rng, 600) | {"balance": rng.normal(500, 80, 600).round(2)}
    return {"entered": seconds.astype("datetime64[s]")} | taken(known, rows)


def test_records_entered_anew_at_another_time_warn_and_those_measured_again_soon_do_not():
    rng = np.random.default_rng(5)
    rows = rng.permutation(np.concatenate([np.arange(600), rng.choice(600, 60, replace=False)]))
    (found,) = loud(report(dated(rng, rows), "buys", time="entered"), "rows.repeated")
    assert "but `entered`" in found["message"]
    size = np.bincount(rows)
    assert all(size[rows[row]] > 1 for row in found["rows"])
    assert not loud(report(dated(rng, np.sort(rows)), "buys", time="entered"), "rows.repeated")
