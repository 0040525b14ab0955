"""A mean of the target without the row itself is named though no column holds the groups."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 1200


def table(rng, decimals=4):
    """Return a table with a left-out mean of groups that it does not hold."""
    group = rng.integers(60, size=N)
    y = (rng.normal(size=60)[group] + rng.normal(size=N)).round(3)
    size, total = np.bincount(group)[group], np.bincount(group, y)[group]
    other = rng.normal(size=N).round(2)
    return {"mean": ((total - y) / (size - 1)).round(decimals), "other": other, "y": y}, group


@pytest.mark.parametrize("decimals", [4, 12])
def test_left_out_means_of_unknown_groups_are_named(decimals):
    made, _ = table(np.random.default_rng(0), decimals)
    found = loud(report(made, "y", at_random(N)), "encoding.left_out")
    assert [item["columns"] for item in found] == [["mean"]]


def test_means_of_other_rows_of_the_group_are_not():
    rng = np.random.default_rng(1)
    made, group = table(rng)
    before = rng.normal(size=N) + np.bincount(group, made["y"])[group] / 20
    size, total = np.bincount(group)[group], np.bincount(group, before)[group]
    made["mean"] = ((total - before) / (size - 1)).round(4)
    made["turned"] = (5 - 0.25 * made["other"]).round(4)
    assert not loud(report(made, "y", at_random(N)), "encoding.left_out")
