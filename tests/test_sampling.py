"""Sampling of train rows: counts, weights, order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ninefold.config import validate
from ninefold.errors import ConfigError
from ninefold.sampling import resample


def sampled(y, seed=0, **content):
    return resample(np.asarray(y), validate("sampling", content), seed)


labels = st.lists(st.integers(0, 4), min_size=1, max_size=200)


@given(labels)
def test_none_leaves_every_row_once(y):
    index, weight = sampled(y)
    assert index.tolist() == list(range(len(y)))
    assert weight.dtype == np.float32
    assert (weight == 1).all()


@given(labels, st.integers(0, 5))
def test_under_levels_to_the_rarest_and_repeats_no_row(y, seed):
    y = np.asarray(y)
    index, _ = sampled(y, seed, kind="under")
    assert len(set(index.tolist())) == len(index)
    rarest = np.unique(y, return_counts=True)[1].min()
    assert (np.unique(y[index], return_counts=True)[1] == rarest).all()


@given(labels, st.integers(0, 5))
def test_over_lifts_every_class_to_the_largest_and_loses_no_row(y, seed):
    y = np.asarray(y)
    index, _ = sampled(y, seed, kind="over")
    assert set(index.tolist()) == set(range(len(y)))
    largest = np.unique(y, return_counts=True)[1].max()
    assert (np.unique(y[index], return_counts=True)[1] == largest).all()


def test_ratios_go_part_of_the_way():
    y = np.repeat([0, 1], [90, 10])
    assert np.bincount(y[sampled(y, kind="under", ratio=0.5)[0]]).tolist() == [20, 10]
    assert np.bincount(y[sampled(y, kind="over", ratio=0.5)[0]]).tolist() == [90, 45]


@given(labels)
def test_class_weights_balance_the_classes_with_mean_one(y):
    y = np.asarray(y)
    index, weight = sampled(y, kind="class_weights")
    assert index.tolist() == list(range(len(y)))
    sums = [weight[y == level].sum() for level in np.unique(y)]
    np.testing.assert_allclose(sums, sums[0], rtol=1e-4)
    np.testing.assert_allclose(weight.mean(), 1, rtol=1e-4)


@pytest.mark.parametrize("kind", ["under", "over", "class_weights"])
def test_regression_is_left_alone(kind):
    index, weight = sampled(np.array([1.5, 2.5, 2.5]), kind=kind)
    assert index.tolist() == [0, 1, 2]
    assert (weight == 1).all()


SEVERAL = np.stack([np.arange(4000) % 20 == 0, np.arange(4000) % 10 == 3], axis=1).astype(np.int64)


def test_rows_with_a_rare_one_of_several_labels_are_repeated():
    index, weight = sampled(SEVERAL, kind="over")
    assert set(index.tolist()) == set(range(4000))
    assert (np.diff(index) >= 0).all()
    assert (weight == 1).all()
    times = np.bincount(index)
    assert (times[SEVERAL[:, 0] == 1] == 19).all()
    assert (times[SEVERAL[:, 1] == 1] == 9).all()
    assert (times[SEVERAL.sum(axis=1) == 0] == 1).all()


def test_rows_without_a_rare_one_of_several_labels_are_left_out():
    index, _ = sampled(SEVERAL, kind="under")
    assert len(set(index.tolist())) == len(index)
    assert set(np.flatnonzero(SEVERAL.any(axis=1)).tolist()) <= set(index.tolist())
    left = (SEVERAL[index].sum(axis=1) == 0).sum() / (SEVERAL.sum(axis=1) == 0).sum()
    assert left == pytest.approx(400 / 3600, abs=0.02)


def test_weights_of_several_labels_are_the_mean_of_each_ones():
    index, weight = sampled(SEVERAL, kind="class_weights")
    assert len(index) == 4000
    alone = [sampled(label, kind="class_weights")[1] for label in SEVERAL.T]
    np.testing.assert_allclose(weight, np.mean(alone, axis=0), rtol=1e-5)


def test_one_label_that_all_rows_share_changes_nothing():
    shared = np.stack([SEVERAL[:, 0], np.ones(4000, np.int64)], axis=1)
    index, _ = sampled(shared, kind="over")
    expected = np.sort(np.repeat(np.arange(4000), np.where(SEVERAL[:, 0] == 1, 19, 1)))
    assert index.tolist() == expected.tolist()


def test_the_seed_decides():
    y = np.repeat([0, 1], [90, 10])
    first, again, other = (sampled(y, seed, kind="under")[0] for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_a_wrong_kind_is_worded():
    with pytest.raises(ConfigError, match=r"sampling\.kind must be one of"):
        sampled([0, 1], kind="smote")
