"""Copies with cells changed in a table of few values are named; lots and denser parts pass."""

import numpy as np

from tests.leakage.reports import at_random, loud, report

N, COPIES = 900, 40


def house(n=N, seed=0):
    """A table of counts and flags, and the price that they make."""
    r = np.random.default_rng(seed)
    table = {f"rooms {i}": r.poisson(2, n).astype(float) for i in range(6)}
    table |= {f"has {i}": r.choice(["yes", "no"], n).astype(object) for i in range(5)}
    table["size"] = np.round(r.lognormal(5, 0.4, n), -1)
    table["price"] = np.round(sum(table[f"rooms {i}"] for i in range(6)) * 10 + r.normal(0, 9, n))
    return table


def with_copies(table, part, seed=3):
    """Train rows put into test, two cells of each taken from other rows."""
    r = np.random.default_rng(seed)
    origin = r.choice(np.flatnonzero(part == "train"), COPIES, replace=False)
    copies = {name: values[origin].copy() for name, values in table.items()}
    names = [name for name in table if name != "price"]
    for place in range(COPIES):
        for name in r.choice(names, 2, replace=False):
            copies[name][place] = table[name][r.integers(N)]
    both = {name: np.concatenate([table[name], copies[name]]) for name in table}
    return both, np.concatenate([part, np.full(COPIES, "test", object)])


def test_copies_with_two_cells_changed_are_named():
    table, part = with_copies(house(), at_random(N))
    rows = set()
    for item in loud(report(table, "price", part)):
        assert item["kind"].startswith("rows.")
        rows |= set(item["rows"])
    planted = set(range(N, N + COPIES))
    assert len(rows & planted) >= 0.7 * COPIES
    assert len(rows - planted) <= 0.5 * len(rows)


def test_a_lot_and_a_test_part_from_a_denser_region_pass():
    table = house()
    assert not loud(report(table, "price", at_random(N)))
    dense = (table["rooms 0"] <= 2) & (table["rooms 1"] <= 2) & (at_random(N, 4) == "test")
    part = np.where(dense, "test", "train").astype(object)
    assert not [i for i in loud(report(table, "price", part)) if i["kind"].startswith("rows.")]


def tracts(n=420, seed=0):
    """A small table whose rows share what their town has, and vary a little."""
    r = np.random.default_rng(seed)
    town = r.integers(0, 60, n)
    table = {f"town {i}": np.round(r.lognormal(2, 1, 60), 1)[town] for i in range(5)}
    base = r.normal(size=60)[town]
    table |= {f"size {i}": np.round(base * (i + 1) + r.normal(0, 0.4, n), 2) for i in range(5)}
    table["price"] = np.round(20 + 4 * base + r.normal(0, 1, n), 1)
    return table


def test_copies_with_noise_or_rounding_are_named_among_rows_of_one_town():
    part = at_random(420)
    origin = np.random.default_rng(5).choice(np.flatnonzero(part == "train"), 12, replace=False)
    noise = np.random.default_rng(6)
    for disguise in (lambda v: v + noise.normal(0, 0.01 * v.std(), 12), lambda v: np.round(v, 0)):
        table = tracts()
        for name, values in table.items():
            new = values[origin] if name == "price" else disguise(values[origin])
            table[name] = np.concatenate([values, new])
        both = np.concatenate([part, np.full(12, "test", object)])
        items = [i for i in loud(report(table, "price", both)) if i["kind"].startswith("rows.")]
        rows = {row for item in items for row in item["rows"]}
        assert len(rows & set(range(420, 432))) >= 8
    assert not loud(report(tracts(), "price", part), "rows.near_duplicate", "rows.changed")


def test_rows_written_more_finely_that_are_no_copies_pass():
    part, rng = at_random(420), np.random.default_rng(7)
    table = tracts()
    some = (part == "test") & (rng.random(420) < 0.3)
    for name in [n for n in table if n.startswith("size")]:
        table[name] = np.where(some, table[name] + rng.uniform(-0.004, 0.004, 420), table[name])
    assert not loud(report(table, "price", part), "rows.near_duplicate")
