"""A mark of one outcome that the latest rows lack is named; fields given up and rare marks pass."""

import numpy as np
import pytest

from tests.leakage.reports import loud, report

N = 900


def claims(seed=0):
    """Rows by day, an outcome, and which of them are the last fifth."""
    rng = np.random.default_rng(seed)
    day = np.datetime64("2020-01-01") + np.arange(N)
    x = rng.normal(size=N)
    y = np.where(x + rng.normal(size=N) > 0.5, "bad", "good").astype(object)
    return rng, {"day": day, "x": x, "y": y}, np.arange(N) < 0.8 * N


def found(table):
    """Return what is said of it, be it beside something stronger on the same column."""
    items = loud(report(table, "y", time="day"))
    kinds = [{item["kind"], *item["evidence"].get("also", [])} for item in items]
    return [i for i, k in zip(items, kinds, strict=True) if "target.collapse" in k]


@pytest.mark.parametrize("form", ["code", "amount", "gaps"])
@pytest.mark.some(2)
def test_what_is_filled_in_for_old_rows_of_one_class_is_named(form):
    rng, table, old = claims()
    some = old & (table["y"] == "bad") & (rng.random(N) < 0.8)
    table["late"] = {
        "code": np.where(some, rng.choice(["C1", "C2"], N), "none").astype(object),
        "amount": np.where(some, rng.gamma(2, 30, N).round(2), 0.0),
        "gaps": np.where(some, rng.gamma(2, 30, N).round(2), np.nan),
    }[form]
    (item,) = found(table)
    assert item["columns"] == ["late"]
    assert item["fix"] == [{"path": ["problem", "available_at", "late"], "value": "after"}]


def test_a_field_that_was_given_up_passes():
    rng, table, old = claims()
    table["fax"] = np.where(old & (rng.random(N) < 0.4), rng.integers(1, 900, N), np.nan)
    weak = np.where(table["y"] == "bad", 0.6, 0.3)
    table["sensor"] = np.where(old & (rng.random(N) < weak), "alarm", "quiet").astype(object)
    assert found(table) == []
