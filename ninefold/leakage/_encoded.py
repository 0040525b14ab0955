"""Rows by group, and whether a feature is their mean or median target to the last digit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case
from ninefold.leakage.chance import SURE

MANY = 20
"""Distinct targets from which a group's median says something of it."""
MIN_MET, MOST = 20, 0.35
"""Groups that must be met, and their share of the rows, where others are several in one."""
USUALLY_ADDED, MOST_MERGED = (1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0), 30
"""Rows at the overall mean that encoders add, and groups that may have one value."""
AT_HALF, HALF = (1.0, 2.0), 0.5
"""Rows of either class alike that weights of evidence add, lest a group have none of one."""
MIN_MEDIANS = 6
"""Groups whose median must be met for it to be no coincidence."""


@dataclass(frozen=True)
class Groups:
    """Rows by group: code `(N,)` from 0, -1 for none; the counts `(G,)` of all, train, test."""

    code: Array
    size: Array
    known: Array
    unknown: Array

    def sums(self, y: Array, mask: Array) -> Array:
        use = mask & (self.code >= 0)
        return np.bincount(self.code[use], weights=y[use], minlength=len(self.size))


Level = Callable[[Groups, Array, Array], Array]
"""The level of the target `(G,)` in each group over the rows of a mask `(N,)`."""


def grouped(case: Case, name: str, present: Array) -> Groups:
    """Return the rows `present` by their value of a column; the test part counts as unknown."""
    return by_code(case, case.codes[name], present)


def by_code(case: Case, codes: Array, present: Array) -> Groups:
    """Return the rows `present` by their `codes` `(N,)`, from 0."""
    code = np.where(present, codes, -1)
    use = code >= 0
    count = int(codes.max()) + 1
    test = np.bincount(code[use & case.test], minlength=count)
    size = np.bincount(code[use], minlength=count)
    return Groups(code, size, size - test, test)


def directions(values: Array, y: Array) -> Iterator[tuple[Array, float]]:
    """Yield what a feature's values would say of the group mean, read in the usual ways.

    And how far off its rounding may put that.
    """
    from scipy.special import expit

    step = 0.51 * resolution(values)
    yield values, step
    if set(np.unique(y).tolist()) <= {0.0, 1.0}:
        yield 1 - values, step
        prior = np.log(y.mean() / (1 - y.mean()))
        for odds in (values, -values):
            for added in (0.0, prior):
                mean = expit(odds + added)
                yield mean, float(np.abs(expit(odds + added + step) - mean).max())
    else:
        yield values + y.mean(), step


def exact(case: Case, groups: Groups, values: Array, y: Array, near: float) -> str:
    """Compare values with the group means, or medians, to the last digit, `near` as rounding puts.

    Return "leak", "partly" (of most groups), "honest" (those of train rows), or "".
    """
    deviation = float(y.std())
    near = max(near, 1e-6 * deviation)
    if deviation == 0 or near > 0.05 * deviation:
        return ""
    scatters = inside(groups, y)
    told = (groups.size >= 2) & (scatters > 1e-9 * deviation**2)
    if told.sum() < 3:
        return ""
    weight = groups.size * told
    everywhere = np.ones(len(y), dtype=bool)
    candidates: list[Level] = []
    targets = np.unique(y)
    if _may_be_means(groups, values, y, told, near):
        candidates += [_mean_with(added) for added in _added(groups, values, y, told)]
        is_share = bool((values >= 0).all() and (values <= 1).all())
        if is_share and set(targets.tolist()) <= {0.0, 1.0}:
            candidates += [_nearest_of_merged(added, values) for added in USUALLY_ADDED]
    if set(targets.tolist()) <= {0.0, 1.0} and bool(((values > 0) & (values < 1)).all()):
        candidates += [_nearest_of_merged(added, values, HALF) for added in AT_HALF]
    if len(targets) > MANY:
        # The median of a class's indicator is 0 or 1 in every group.
        candidates.append(_medians)
    for level in candidates:
        fits = np.abs(level(groups, y, everywhere) - values) <= near
        if (weight * fits).sum() < 0.9 * weight.sum():
            if _meets_most(groups, fits, level(groups, y, ~case.test), values, near, told):
                return "partly"
            continue
        scatter = np.sqrt(scatters[told & fits] / groups.size[told & fits])
        if np.log10(np.minimum(1, near / scatter)).sum() > SURE:
            continue
        if level is _medians and not _is_between(groups, values, y, told & fits):
            continue
        for mask in (~case.test, case.train):
            some = (np.bincount(groups.code[mask & (groups.code >= 0)],
                                minlength=len(groups.size)) > 0) & told  # fmt: skip
            train = level(groups, y, mask)[some]
            if case.split_kind == "given" and (np.abs(train - values[some]) <= near).mean() > 0.9:
                return "honest"
        if level is _medians and _holds_in_train(case, groups, values, y, near, told):
            continue
        return "leak"
    return ""


def _may_be_means(groups: Groups, values: Array, y: Array, told: Array, near: float) -> bool:
    """Tell whether enough values lie between the mean of their group and that of all rows.

    No row added at the overall mean, nor any merging of groups, leads anywhere else.
    """
    mean, overall = _means(groups, y, np.ones(len(y), dtype=bool), 0.0), float(y.mean())
    slack = near + 1e-12 * abs(overall)
    between = (values >= np.minimum(mean, overall) - slack) & (
        values <= np.maximum(mean, overall) + slack
    )
    size, use = groups.size, told & (groups.known > 0) & (groups.unknown > 0)
    nearly_all = size[told & between].sum() >= 0.9 * size[told].sum()
    most = (use & between).sum() >= MIN_MET
    return bool(nearly_all or (most and size[use & between].sum() >= MOST * size[use].sum()))


def _holds_in_train(
    case: Case, groups: Groups, values: Array, y: Array, near: float, told: Array
) -> bool:
    """Tell whether values are the medians of train rows in most groups that have test rows too.

    Then nobody need have seen test rows: what hardly changes from one row to the next, in few
    digits, is the median of what follows it.
    """
    use = told & (groups.known >= 2) & (groups.unknown >= 1)
    met = np.abs(_medians(groups, y, ~case.test) - values) <= near
    return bool(use.any()) and bool(met[use].mean() > 0.5)


def _meets_most(
    groups: Groups, fits: Array, train: Array, values: Array, near: float, told: Array
) -> bool:
    """Tell whether values are the level of many groups with test rows, and not of train rows.

    Small groups with the same sum look like one where the column they were made by is gone.
    """
    use = told & (groups.known > 0) & (groups.unknown > 0)
    met = use & fits
    of_train = use & (np.abs(train - values) <= near)
    size = groups.size
    return bool(
        met.sum() >= MIN_MET
        and size[met].sum() >= MOST * size[use].sum()
        and of_train.sum() <= 0.3 * met.sum()
    )


def _mean_with(added: float) -> Level:
    return lambda groups, y, mask: _means(groups, y, mask, added)


def _nearest_of_merged(added: float, values: Array, at: float | None = None) -> Level:
    """Return the mean with `added` rows `at` a level (None: the overall mean), where groups of one
    count and sum have one value.

    Of `k` such groups the value is that of one of them: `k` divides both the rows and their sum.
    Of all `k` that do the one next to the value is taken.
    """

    k = np.arange(1, MOST_MERGED + 1)[:, None]

    def level(groups: Groups, y: Array, mask: Array) -> Array:
        size = np.bincount(groups.code[mask & (groups.code >= 0)], minlength=len(groups.size))
        total, centre = groups.sums(y, mask), float(y[mask].mean()) if at is None else at
        mean = (total / k + added * centre) / (size / k + added)
        is_whole = (size % k == 0) & (np.round(total) % k == 0)
        away = np.where(is_whole, np.abs(mean - values), np.inf)
        return np.asarray(mean[away.argmin(axis=0), np.arange(len(size))])

    return level


def _medians(groups: Groups, y: Array, mask: Array) -> Array:
    """Return the median `(G,)` of the target over some rows of each group; 0 in groups of none."""
    rows = np.flatnonzero(mask & (groups.code >= 0))
    rows = rows[np.lexsort((y[rows], groups.code[rows]))]
    size = np.bincount(groups.code[rows], minlength=len(groups.size))
    first = np.concatenate([[0], np.cumsum(size)[:-1]])
    low, high = first + np.maximum(size - 1, 0) // 2, first + size // 2
    last = max(len(rows) - 1, 0)
    middle = (y[rows[np.minimum(low, last)]] + y[rows[np.minimum(high, last)]]) / 2
    return np.where(size > 0, middle, 0.0)


def _is_between(groups: Groups, values: Array, y: Array, told: Array) -> bool:
    """Tell whether medians of many rows agree, that is not of targets that hardly vary.

    In groups in which half of the rows share one target the median is that, whoever set it.
    """
    use = (groups.code >= 0) & told[groups.code]
    equal = np.bincount(groups.code[use], np.abs(y[use] - values[groups.code[use]]) < 1e-12,
                        minlength=len(groups.size))  # fmt: skip
    kept = told & (groups.size >= 3) & (equal <= 0.3 * groups.size + 1)
    return int(kept.sum()) >= MIN_MEDIANS and bool(kept[told].mean() > 0.5)


def _added(groups: Groups, values: Array, y: Array, told: Array) -> Iterator[float]:
    """Yield how many rows at the overall mean may have been added to each group: none, or so many.

    From (sum + a · mean) / (size + a) = value in the middle of the groups.
    """
    yield 0.0
    overall = float(y.mean())
    apart = told & (np.abs(values - overall) > 1e-9)
    if apart.any():
        total = groups.sums(y, np.ones(len(y), dtype=bool))
        added = (total - groups.size * values)[apart] / (values - overall)[apart]
        middle = float(np.median(added))
        if middle > 0.05:
            yield round(middle) if abs(middle - round(middle)) < 0.2 else middle


def _means(groups: Groups, y: Array, mask: Array, added: float) -> Array:
    """Return the means `(G,)` over some rows, with `added` rows at their overall mean."""
    size = np.bincount(groups.code[mask & (groups.code >= 0)], minlength=len(groups.size))
    total = groups.sums(y, mask) + added * float(y[mask].mean())
    return np.asarray(total / np.maximum(size + added, 1e-9))


def inside(groups: Groups, y: Array) -> Array:
    """Return the unbiased variance `(G,)` of the target in each group; 0 in groups of one."""
    use = groups.code >= 0
    mean = groups.sums(y, use) / np.maximum(groups.size, 1)
    square = np.zeros(len(y))
    square[use] = (y[use] - mean[groups.code[use]]) ** 2
    return np.asarray(groups.sums(square, use) / np.maximum(groups.size - 1, 1))
