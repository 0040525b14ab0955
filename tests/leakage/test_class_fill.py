"""Gaps filled by the mean of the row's own class block; those filled by all rows' mean pass."""

import numpy as np
import pytest

from tests.leakage.reports import at_random, loud, report

N = 600


def table(fill):
    rng = np.random.default_rng(0)
    y = np.where(rng.random(N) < 0.4, "ill", "well")
    x = (rng.normal(size=N) + 0.5 * (y == "ill")).round(2)
    gap = rng.random(N) < 0.15
    return {"x": fill(x, y, gap), "age": rng.integers(20, 90, N), "y": y}, gap


def of_class(centre):
    def fill(x, y, gap):
        out = x.copy()
        for klass in ("ill", "well"):
            inside = y == klass
            out[gap & inside] = centre(x[~gap & inside])
        return out

    return fill


def of_all(x, y, gap):
    return np.where(gap, x[~gap].mean(), x)


def of_one_class(x, y, gap):
    fill = np.where(gap & (y == "ill"), x[~gap & (y == "ill")].mean(), x)
    return np.where(gap & (y == "well"), np.nan, fill)


@pytest.mark.parametrize(
    ("fill", "severity"), [(of_class(np.mean), "block"), (of_one_class, "warn")]
)
def test_means_of_the_class_are_found_with_their_test_rows(fill, severity):
    made, gap = table(fill)
    part = at_random(N)
    (item,) = loud(report(made, "y", part), "preprocessing.class_fill")
    assert (item["severity"], item["columns"]) == (severity, ["x"])
    filled = gap & (part == "test")
    if severity == "block":
        assert item["rows"] == np.flatnonzero(filled).tolist()


@pytest.mark.parametrize("fill", [of_all, lambda x, y, gap: x, lambda x, y, gap: np.round(x)])
def test_means_of_all_rows_and_values_that_repeat_pass(fill):
    made, _ = table(fill)
    assert loud(report(made, "y", at_random(N)), "preprocessing.class_fill") == []
