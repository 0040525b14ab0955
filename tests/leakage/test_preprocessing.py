"""Columns prepared on all rows bear the mark of it; prepared on the train rows they do not."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from ninefold.columns import Column, Frame
from ninefold.leakage.case import Case
from ninefold.leakage.preprocessing import PreprocessingCheck
from ninefold.problem import ProblemSpec

N = 800
NAMES = ("a", "b", "c", "d")


def raw(seed=0):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(N, 4)) @ rng.normal(size=(4, 4))
    return np.column_stack(
        [mixed[:, 0] * 3 + 7, np.exp(mixed[:, 1]), np.round(mixed[:, 2] * 20), mixed[:, 3]]
    )


def found(x, part, kind="given"):
    columns = [Column(name, "number", frozenset({"input"})) for name in NAMES]
    columns.append(Column("y", "number", frozenset({"target"})))
    data = {name: x[:, i] for i, name in enumerate(NAMES)}
    data["y"] = np.random.default_rng(5).normal(size=N)
    frame = Frame(tuple(columns), data, np.arange(N))
    case = Case(frame, part, ProblemSpec(target="y", task="regression"), kind)
    return list(PreprocessingCheck().findings(case))


def parts(seed=1):
    rng = np.random.default_rng(seed)
    return rng.choice(["train", "valid", "test"], N, p=[0.6, 0.15, 0.25]).astype(object)


class Ranks:
    """Shares of the fitted rows that are no greater."""

    def fit(self, x):
        self.sorted_ = np.sort(x, axis=0)
        return self

    def transform(self, x):
        places = [np.searchsorted(s, v, "right") for s, v in zip(self.sorted_.T, x.T, strict=True)]
        return np.column_stack(places) / len(self.sorted_)


class Adjusted:
    """What a straight line on the last column leaves of the others, around their means."""

    def fit(self, x):
        self.mean_, self.slope_ = x.mean(0), np.cov(x.T)[-1] / x[:, -1].var(ddof=1)
        return self

    def transform(self, x):
        rest = x - np.outer(x[:, -1] - self.mean_[-1], self.slope_)
        return np.column_stack([rest[:, :-1], x[:, -1]])


PREPARED = {
    "scaling": StandardScaler(),
    "ranks": Ranks(),
    "rotation": PCA(),
    "adjustment": Adjusted(),
}
CONTINUOUS = {"a", "b", "d"}


@pytest.mark.parametrize("kind", ["given", "random"])
@pytest.mark.parametrize("name", PREPARED)
def test_preparation_on_all_rows_warns_and_names_the_columns(name, kind):
    x = PREPARED[name].fit(raw()).transform(raw())
    (finding,) = found(x, parts(), kind)
    assert (finding.kind, finding.severity) == (f"preprocessing.{name}", "warn")
    named = {"ranks": CONTINUOUS, "adjustment": set(NAMES[:-1])}
    assert set(finding.columns) == named.get(name, set(NAMES))


def test_rotation_of_mixtures_that_were_measured_several_times_warns():
    x = np.repeat(raw()[: N // 4], 4, axis=0)
    (finding,) = found(PCA().fit_transform(x), parts(), "random")
    assert finding.kind == "preprocessing.rotation"
    assert set(finding.columns) == set(NAMES)


@pytest.mark.parametrize("known", ["train", "train and valid"])
@pytest.mark.parametrize("name", PREPARED)
def test_preparation_on_the_train_rows_is_silent(name, known):
    part = parts()
    use = part == "train" if known == "train" else part != "test"
    assert not found(PREPARED[name].fit(raw()[use]).transform(raw()), part)


def test_unit_range_of_all_rows_warns_and_of_train_rows_is_silent():
    x, part = raw(), parts()
    for column in range(4):
        x[np.flatnonzero(part == "test")[column], column] = x[:, column].max() + 1.0
    (finding,) = found(MinMaxScaler().fit_transform(x), part)
    assert (finding.kind, set(finding.columns)) == ("preprocessing.scaling", set(NAMES))
    assert not found(MinMaxScaler().fit(x[part != "test"]).transform(x), part)


@pytest.mark.parametrize("decimals", [3, 4, 8])
def test_rounding_does_not_hide_scaling(decimals):
    x = np.round(StandardScaler().fit_transform(raw()), decimals)
    (finding,) = found(x, parts())
    assert set(finding.columns) == set(NAMES)


@pytest.mark.parametrize("centre", [np.mean, np.median])
def test_gaps_filled_from_all_rows_warn_and_from_train_rows_are_silent(centre):
    part, gap = parts(), np.random.default_rng(2).random(N) < 0.15
    x = raw()
    x[gap, 0] = centre(x[~gap, 0])
    (finding,) = found(x, part)
    assert (finding.kind, finding.columns) == ("preprocessing.imputation", ("a",))
    x[gap, 0] = centre(x[~gap & (part != "test"), 0])
    assert not found(x, part)


def test_gaps_of_coarse_numbers_filled_with_their_median_warn():
    x, gap = raw(), np.random.default_rng(2).random(N) < 0.1
    x[:, 0] = np.round(np.random.default_rng(3).normal(50, 9, N))
    assert not found(x, parts(), "random")
    x[gap, 0] = np.median(x[~gap, 0])
    (finding,) = found(x, parts(), "random")
    assert (finding.kind, finding.columns) == ("preprocessing.imputation", ("a",))


def test_a_median_between_two_numbers_of_all_rows_warns_and_of_train_rows_is_silent():
    """Train's is half a step off: it is another all the same."""
    part, x, rng = parts(), raw(), np.random.default_rng(2)
    learned, place = part != "test", rng.random(N)
    for side in (learned, ~learned):
        place[side] = place[side].argsort().argsort() / side.sum()
    x[:, 0] = 0.3 * place.argsort().argsort()
    for known, leaks in ((np.ones(N, dtype=bool), 1), (learned, 0)):
        gap = np.zeros(N, dtype=bool)
        for side in (learned, ~learned):
            gap[np.flatnonzero(side)[: 60 + (side.sum() + leaks) % 2]] = True
        made = x.copy()
        made[gap, 0] = np.median(x[known & ~gap, 0])
        assert bool(found(made.round(2), part)) == bool(leaks)


def test_a_mean_of_all_rows_among_values_that_come_nearly_as_often_warns():
    part, rng = parts(), np.random.default_rng(2)
    gap, x = rng.random(N) < 0.1, raw()
    x[:, 0] = np.where(rng.random(N) < 0.1, 0.3, rng.random(N))
    x[gap, 0] = x[~gap, 0].mean()
    (finding,) = found(x, part)
    assert (finding.kind, finding.columns) == ("preprocessing.imputation", ("a",))
    x[gap, 0] = x[~gap & (part != "test"), 0].mean()
    assert not found(x, part)


def test_differences_of_either_sign_that_are_often_zero_were_not_filled():
    x, still = raw(), np.random.default_rng(2).random(N) < 0.4
    x[:, 0] = np.where(still, 0, np.round(np.random.default_rng(3).normal(0, 30, N)))
    x[:, 0] -= np.where(x[:, 0] > 0, x[:, 0].mean() * N / (x[:, 0] > 0).sum(), 0).round()
    assert not found(x, parts(), "random")


@pytest.mark.parametrize("most", [4, 40])
def test_gaps_of_whole_numbers_filled_with_their_mean_over_all_rows_warn(most):
    part, rng = parts(), np.random.default_rng(2)
    gap, x = rng.random(N) < 0.05, raw()
    x[:, 0] = rng.binomial(most, 0.4, N)
    x[gap, 0] = x[~gap, 0].mean()
    (finding,) = found(x, part)
    assert (finding.kind, finding.columns) == ("preprocessing.imputation", ("a",))
    x[gap, 0] = x[~gap & (part != "test"), 0].mean()
    assert not found(x, part)


@pytest.mark.parametrize("seed", range(3))
def test_numbers_as_measured_are_silent(seed):
    assert not found(raw(seed), parts(seed))
    assert not found(raw(seed), parts(seed), "random")
