"""Targets in another unit than those of like rows are named; tails and two kinds of rows pass."""

import numpy as np
import pytest

from ninefold.leakage.mixed_units import MixedUnitsCheck
from tests.leakage.reports import asked, at_random

N = 1500


def homes(seed=0):
    """Return what a price follows, and the price itself, within a quarter."""
    rng = np.random.default_rng(seed)
    area, rooms = rng.lognormal(4.6, 0.5, N), rng.poisson(4, N) + 1.0
    price = 2000 * area * rooms**0.3 * rng.lognormal(0, 0.25, N)
    return {"area": area, "rooms": rooms, "price": price.round()}, rng


def found(table):
    return asked(MixedUnitsCheck(), table, "price", at_random(N))


@pytest.mark.parametrize("factor", [1000, 100, 0.001])
def test_targets_in_another_unit_are_named(factor):
    table, rng = homes()
    wrong = rng.random(N) < 0.03
    table["price"] = np.where(wrong, (table["price"] / factor).round(1), table["price"])
    (finding,) = found(table)
    assert finding.severity == "warn"
    assert finding.evidence["factor"] == max(factor, 1 / factor)
    assert set(finding.rows) == set(np.flatnonzero(wrong))


def test_a_few_targets_in_another_unit_are_named_although_one_row_is_not_far_from_them():
    few = {name: values[:500] for name, values in homes()[0].items()}
    wrong = np.arange(500) < 12
    few["price"] = np.where(wrong, few["price"] / 1000, few["price"])
    few["price"][[20, 21]] /= 250
    (finding,) = asked(MixedUnitsCheck(), few, "price", at_random(500))
    assert {*range(12)} <= {*finding.rows}


def test_tails_and_a_second_kind_of_rows_pass():
    table, rng = homes()
    assert not found(table)
    heavy = table["price"] * np.exp(0.25 * rng.standard_t(2, N))
    assert not found(table | {"price": heavy})
    is_rent = rng.random(N) < 0.05
    assert not found(table | {"price": np.where(is_rent, table["price"] / 300, table["price"])})
    given_away = np.where(is_rent, rng.lognormal(3, 2, N), table["price"])
    assert not found(table | {"price": given_away})


def test_a_scale_of_a_few_steps_passes():
    table, rng = homes()
    dose = 10.0 ** np.where(rng.random(N) < 0.05, 1, 3) * rng.choice([1, 1.001, 1.002], N)
    assert not found(table | {"price": dose.round(3)})
