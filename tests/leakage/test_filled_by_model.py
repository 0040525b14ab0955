"""Gaps filled from other columns over all rows are named; those filled by train rows are not."""

import numpy as np
import pytest

from ninefold.leakage.filled_by_model import FilledByModelCheck
from tests.leakage.reports import asked, at_random, loud, report

N = 700


def numbers(rng):
    """Return columns of whole numbers `(N, 4)` that go together, and one of them with gaps."""
    common = rng.normal(size=(N, 1))
    whole = np.round(40 + 9 * (0.7 * common + rng.normal(size=(N, 4))))
    whole[rng.random(N) < 0.15, 0] = np.nan
    return whole


def by_regression(x, train):
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    return IterativeImputer(random_state=0).fit(x[train]).transform(x)


def by_neighbours(x, train):
    from sklearn.impute import KNNImputer

    return KNNImputer(n_neighbors=5).fit(x[train]).transform(x)


@pytest.mark.parametrize("fill", [by_regression, by_neighbours])
def test_gaps_filled_over_all_rows_are_named_and_those_by_train_rows_are_not(fill):
    rng = np.random.default_rng(0)
    x, part = numbers(rng), at_random(N)
    y = np.nan_to_num(x[:, 1]) + rng.normal(0, 9, N)
    for rows, wanted in ((np.ones(N, bool), [["a"]]), (part == "train", [])):
        filled = fill(x, rows)
        made = {name: filled[:, i] for i, name in enumerate("abcd")} | {"y": y.round(3)}
        found = loud(report(made, "y", part), "preprocessing.model_fill")
        assert [item["columns"] for item in found] == wanted


def test_a_column_written_more_finely_in_some_rows_is_not():
    rng = np.random.default_rng(1)
    x = np.nan_to_num(numbers(rng), nan=30.0)
    finer = rng.random(N) < 0.2
    x[finer, 0] = (0.5 * x[finer, 1] + 20 + rng.normal(0, 4, finer.sum())).round(2)
    made = {name: x[:, i] for i, name in enumerate("abcd")} | {"y": rng.normal(size=N).round(3)}
    assert not loud(report(made, "y", at_random(N)), "preprocessing.model_fill")


def test_decimals_filled_by_neighbours_in_the_columns_with_gaps_alone_are_named():
    rng = np.random.default_rng(3)
    common = rng.normal(size=(N, 2))
    x = np.round(common @ rng.normal(size=(2, 6)) + 0.3 * rng.normal(size=(N, 6)), 3)
    x[:, :4][rng.random((N, 4)) < 0.12] = np.nan
    x[:, :4] = by_neighbours(x[:, :4], np.ones(N, bool))
    made = {name: x[:, i] for i, name in enumerate("abcdef")} | {"y": common[:, 0].round(3)}
    (item,) = asked(FilledByModelCheck(), made, "y", at_random(N))
    assert set(item.columns) == set("abcd")
