"""A value that stands where the outcome put it is named, also if single rows have it otherwise."""

import numpy as np
import pytest

from ninefold.leakage.missing import MissingCheck
from tests.leakage.reports import asked, at_random

N = 4000


def loans(odd):
    """Return loans: nothing is left once one has ended; `odd` are paid and not yet closed."""
    rng = np.random.default_rng(0)
    amount = rng.integers(10, 400, N) * 100.0
    status = rng.choice(["current", "late", "paid", "written off"], N, p=[0.83, 0.1, 0.06, 0.01])
    status = status.astype(object)
    ended = np.isin(status, ["paid", "written off"])
    share = np.where(ended, 1.0, rng.beta(1, 8, N))
    share[np.flatnonzero(~ended)[:odd]] = 1.0
    paid = np.where(status == "written off", rng.beta(1, 8, N), share) * amount
    interest = rng.gamma(2, 3, N) + 2 * (status == "late")
    left = np.where(ended, 0.0, amount * (1 - share)).round(2)
    return {"amount": amount, "interest": interest.round(2), "left": left,
            "paid": (paid * rng.uniform(1.0, 1.3, N)).round(2), "status": status}  # fmt: skip


def found(odd):
    return asked(MissingCheck(), loans(odd), "status", at_random(N))


def test_a_balance_that_is_zero_once_a_loan_has_ended_is_named():
    for odd in (0, 1):
        (item,) = [item for item in found(odd) if item.columns == ("left",)]
        assert "exactly where `status` is paid or written off" in item.message
        assert ("but for 1 of" in item.message) == bool(odd)
        assert (item.kind, item.severity) == ("missing.tells_target", "warn")


def test_a_value_that_is_merely_usual_in_a_class_passes():
    assert not found(40)


def test_a_value_amid_the_range_of_one_class_passes_and_a_code_does_not():
    rng = np.random.default_rng(2)
    kind = np.repeat(np.array(["a", "b", "c"], dtype=object), 60)
    wide = np.where(kind == "a", 0.2, np.where(kind == "b", 1.3, 2.0)) + rng.normal(size=180) / 9
    table = {"long": rng.normal(size=180), "wide": wide.round(1).clip(0.1), "kind": kind}
    table["wide"][:25] = 0.2
    assert not asked(MissingCheck(), table, "kind", at_random(180))
    table["wide"] = rng.normal(5, 1, 180).round(1)
    table["wide"][:55] = -1
    (item,) = asked(MissingCheck(), table, "kind", at_random(180))
    assert item.columns == ("wide",)


def test_rare_cells_that_come_with_one_class_without_exception_are_named():
    rng = np.random.default_rng(3)
    kind = np.where(rng.random(N) < 0.4, "yes", "no").astype(object)
    for leaks in (True, False):
        others = rng.random(N) < (0 if leaks else 0.02)
        filled = (rng.random(N) < 0.06) & ((kind == "yes") | others)
        agent = np.where(filled, rng.integers(1, 9, N), np.nan)
        table = {"x": rng.normal(size=N), "agent": agent, "kind": kind}
        found = asked(MissingCheck(), table, "kind", at_random(N))
        assert [item.columns for item in found] == [("agent",)] * leaks


@pytest.mark.parametrize("empty", [np.nan, 0.0])
@pytest.mark.parametrize("shares", [(0.95, 0.03), (0.6, 0.0), (0.7, 0.35)])
def test_columns_of_one_form_do_not_excuse_each_other(empty, shares):
    rng, n = np.random.default_rng(4), 1500
    y = rng.random(n) < 0.3
    some = rng.random(n) < np.where(y, *shares)
    table = {"x": rng.normal(size=n) + y, "y": np.where(y, "left", "stays").astype(object)}
    for name, mask in (("day", some), ("fee", some), ("note", some & (rng.random(n) < 0.5))):
        table[name] = np.where(mask, rng.gamma(2, 40, n).round(1) + 1, empty)
    found = {item.columns for item in asked(MissingCheck(), table, "y", at_random(n))}
    assert ({("day",), ("fee",)} <= found) if shares[1] < 0.1 else not found
