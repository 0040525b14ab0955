"""A whole number worked out from a few columns and rounded is named; a close relation is not."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 500


def measured(rng):
    city = rng.normal(25, 7, N).clip(8)
    return city, city * rng.normal(1.35, 0.1, N), rng.integers(3, 12, N)


def names(city, highway, other, y):
    table = {"city": city.round(), "highway": highway.round(), "gears": other, "y": y}
    found = loud(report(table, "y", at_random(N)), "target.combination")
    return {name for item in found for name in item["columns"]}


@pytest.mark.parametrize("mean", ["harmonic", "weighted"])
def test_a_rounded_mean_of_two_rounded_columns_is_named(mean):
    city, highway, other = measured(np.random.default_rng(0))
    y = 0.55 * city + 0.45 * highway
    if mean == "harmonic":
        y = 1 / (0.55 / city + 0.45 / highway)
    assert names(city, highway, other, y.round()) == {"city", "highway"}


def test_a_close_relation_with_noise_beyond_rounding_is_not():
    rng = np.random.default_rng(1)
    city, highway, other = measured(rng)
    y = 0.55 * city + 0.45 * highway + rng.normal(0, 1, N)
    assert not names(city, highway, other, y.round())


def test_a_rounded_ratio_is_named_and_a_noisy_one_is_not():
    rng = np.random.default_rng(2)
    bats = rng.integers(31, 600, N).astype(float)
    hits = rng.binomial(bats.astype(int), rng.beta(40, 120, N)).clip(1).astype(float)
    other = rng.gamma(3, 10, N).round()
    ratio = hits / bats
    assert names(bats, hits, other, ratio.round(3)) == {"city", "highway"}
    assert not names(bats, hits, other, (ratio * rng.lognormal(0, 0.05, N)).round(3))


def test_a_sum_is_named_beside_columns_with_many_gaps_and_logarithms_are_tried():
    rng = np.random.default_rng(3)
    a, b = rng.gamma(3, 10, N).round(1) + 1, rng.gamma(2, 20, N).round(1) + 1
    gappy = {f"g{i}": np.where(rng.random(N) < 0.25, np.nan, rng.normal(size=N)) for i in range(12)}
    for y in (a + b, np.log(a) - 0.02 * b):
        table = {"city": a, "highway": b, **gappy, "y": y}
        found = loud(report(table, "y", at_random(N)), "target.combination")
        assert [set(item["columns"]) for item in found] == [{"city", "highway"}]


def test_what_is_rounded_is_named_among_columns_that_lie_nearer_to_it():
    rng = np.random.default_rng(4)
    height, stout = rng.normal(171, 9, N).round(1), rng.normal(0, 1, N)
    weight = (22 * (height / 100) ** 2 * np.exp(0.14 * stout + 0.02 * rng.normal(size=N))).round(1)
    girths = {f"girth{i}": (90 + 9 * stout + rng.normal(0, 2, N)).round(1) for i in range(12)}
    index = weight / (height / 100) ** 2
    for y, named in ((index, {"weight", "height"}), (index * rng.lognormal(0, 0.03, N), set())):
        table = {**girths, "height": height, "weight": weight, "y": y.round(1)}
        found = loud(report(table, "y", at_random(N)), "target.combination")
        assert {name for item in found for name in item["columns"]} == named


def ordered(rng):
    """Columns of orders; what they cost follows."""
    return {
        "pieces": rng.integers(1, 30, N).astype(float),
        "price": rng.lognormal(2.5, 0.8, N).round(2),
        "discount": rng.integers(0, 4, N) / 20,
        "rebate": rng.integers(0, 26, N) / 100,
        "class": rng.choice(["A", "B", "C"], N),
        "weight": rng.gamma(2, 3, N).round(1),
    }


FEE = {"A": 4.9, "B": 7.9, "C": 12.5}
TOTALS = {
    "a discount of few levels": lambda t: t["pieces"] * t["price"] * (1 - t["discount"]),
    "a share of many values": lambda t: t["pieces"] * t["price"] * (1 - t["rebate"]),
    "a fee by class": lambda t: 12 * t["price"] + t["weight"] + [FEE[c] for c in t["class"]],
}
USED = {
    "a discount of few levels": {"pieces", "price", "discount"},
    "a share of many values": {"pieces", "price", "rebate"},
    "a fee by class": {"price", "weight", "class"},
}


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.some(2)
def test_totals_with_amounts_and_factors_by_level_are_named_and_noisy_ones_are_not(name):
    rng = np.random.default_rng(5)
    table = ordered(rng)
    total = TOTALS[name](table)
    for y, used in ((total, USED[name]), (total * rng.lognormal(0, 0.03, N), set())):
        found = loud(report({**table, "y": y.round(2)}, "y", at_random(N)), "target.combination")
        assert {column for item in found for column in item["columns"]} == used
