"""Cycles of a machine are no rank of what is left; shares of rows are found without their names."""

import numpy as np

from tests.leakage.reports import at_random, loud, report


def lives(shuffled=False, seed=0):
    rng = np.random.default_rng(seed)
    size = rng.integers(15, 40, 30)
    unit = np.repeat(np.arange(30), size)
    cycle = np.concatenate([np.arange(1, n + 1) for n in size])
    left = np.repeat(size, size) - cycle
    order = rng.permutation(len(unit)) if shuffled else np.arange(len(unit))
    heat = (50 + rng.normal(0, 3, len(unit)) - 0.2 * left).round(1)
    names = np.array([f"u{k:02d}" for k in unit], dtype=object)
    table = {"unit": names, "cycle": cycle.astype(float), "heat": heat, "left": left.astype(float)}
    return {name: values[order] for name, values in table.items()}


def test_cycles_counted_as_they_come_pass_and_a_rank_of_the_target_does_not():
    assert not loud(report(lives(), "left", group=["unit"]), "encoding.summary")
    found = loud(report(lives(shuffled=True), "left", group=["unit"]), "encoding.summary")
    assert [item["columns"] for item in found] == [["cycle"]]


def shares(of):
    rng = np.random.default_rng(0)
    city = np.minimum(rng.geometric(0.05, 900), 40)
    part = at_random(900)
    rows = np.ones(900, bool) if of == "all" else part == "train"
    count = np.bincount(city[rows], minlength=41)[city]
    share = count / rows.sum() if of != "something" else 0.9 / (1 + city)
    y = np.where(rng.random(900) < 0.3, "yes", "no")
    return {"city": share, "x": rng.normal(size=900).round(2), "y": y}, part


def test_shares_of_all_rows_in_the_place_of_a_category_warn():
    (item,) = loud(report(*_asked("all")), "encoding.frequency")
    assert item["columns"] == ["city"]


def test_shares_of_train_rows_and_of_anything_else_pass():
    for of in ("train", "something"):
        assert not loud(report(*_asked(of)), "encoding.frequency")


def _asked(of):
    table, part = shares(of)
    return table, "y", part
