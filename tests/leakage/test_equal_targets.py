"""Copies among rows of few values are told by their targets; prices of a list are no copies."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report


def workers(rng, n):
    """Rows of few values that meet by nature, with a wage that they tell in part."""
    grade = rng.integers(1, 6, n)
    return {
        "grade": grade,
        "years": rng.integers(0, 12, n),
        "region": rng.choice(["north", "south", "west"], n).astype(object),
        "part_time": rng.choice(["yes", "no"], n).astype(object),
        "wage": (grade * 4 + rng.gamma(4, 3, n)).round(2),
    }


def with_copies(data, origin):
    return {name: np.concatenate([values, values[origin]]) for name, values in data.items()}


def by_lot(rng, data):
    origin = rng.choice(2000, 200, replace=False)
    return with_copies(data, origin), at_random(2200)


def measured_on_train(rng, data):
    origin = rng.choice(2000, 300, replace=False)
    part = np.repeat(["train", "test"], [2000, 300]).astype(object)
    return with_copies(data, origin), part


@pytest.mark.parametrize("copied", [by_lot, measured_on_train])
def test_copies_among_rows_that_meet_by_nature_warn(copied):
    rng = np.random.default_rng(1)
    honest = workers(rng, 2000)
    assert not loud(report(honest, "wage", at_random(2000)))
    data, part = copied(rng, honest)
    (found,) = loud(report(data, "wage", part), "rows.retold", "rows.duplicate")
    assert len(found["rows"]) >= 40


@pytest.mark.parametrize(("count", "named"), [(0, 0), (200, 1)])
def test_copies_in_test_are_told_where_nearly_all_rows_meet(count, named):
    """Forty rows for each set of features: pairs of equal targets drown among those of chance."""
    rng = np.random.default_rng(2)
    data = workers(rng, 2400)
    data["years"], data["wage"] = np.minimum(data["years"] // 4, 2), data["wage"].round(1)
    origin = rng.choice(1800, count, replace=False)
    part = np.repeat(["train", "test"], [1800, 600 + count]).astype(object)
    found = loud(report(with_copies(data, origin), "wage", part), "rows.retold")
    assert len(found) == named
    for item in found:
        named = set(item["rows"])
        assert len(named & {*range(2400, 2400 + count)}) >= 0.6 * min(len(named), count)


def test_prices_of_a_list_are_no_copies():
    """What the features fix is the same for equal rows, whichever shop they come from."""
    rng = np.random.default_rng(3)
    data = workers(rng, 2000)
    data["wage"] = (data["grade"] * 7.31 + data["years"] * 1.17).round(2)
    data["wage"] += (data["part_time"] == "yes") * 2.05
    rounded = {**data, "wage": data["wage"] + rng.integers(0, 3, 2000) * 0.01}
    for table in (data, rounded):
        assert not loud(report(table, "wage", at_random(2000)), "rows.retold")
