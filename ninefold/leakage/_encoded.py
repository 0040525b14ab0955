"""Rows by group, and whether a feature is the group's mean target to the last digit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case
from ninefold.leakage.chance import SURE


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


def grouped(case: Case, name: str, present: Array) -> Groups:
    """Return the rows `present` by their value of a column; the test part counts as unknown."""
    code = np.where(present, case.codes[name], -1)
    use = code >= 0
    count = int(case.codes[name].max()) + 1
    test = np.bincount(code[use & case.test], minlength=count)
    size = np.bincount(code[use], minlength=count)
    return Groups(code, size, size - test, test)


def directions(values: Array, y: Array) -> Iterator[Array]:
    """Yield what a feature's values would say of the group mean, read in the usual ways."""
    yield values
    if set(np.unique(y).tolist()) <= {0.0, 1.0}:
        yield 1 - values
        prior = np.log(y.mean() / (1 - y.mean()))
        for odds in (values, -values):
            clipped = np.clip(odds, -30, 30)
            yield 1 / (1 + np.exp(-clipped))
            yield 1 / (1 + np.exp(-clipped - prior))
    else:
        yield values + y.mean()


def exact(case: Case, groups: Groups, values: Array, y: Array) -> str:
    """Compare values with the group means to the last digit: "leak", "honest" (train), or ""."""
    deviation = float(y.std())
    near = max(0.51 * resolution(values), 1e-6 * deviation)
    if deviation == 0 or near > 0.05 * deviation:
        return ""
    scatters = inside(groups, y)
    told = (groups.size >= 2) & (scatters > 1e-9 * deviation**2)
    if told.sum() < 3:
        return ""
    weight = groups.size * told
    everywhere = np.ones(len(y), dtype=bool)
    for added in _added(groups, values, y, told):
        fits = np.abs(_means(groups, y, everywhere, added) - values) <= near
        if (weight * fits).sum() < 0.9 * weight.sum():
            continue
        scatter = np.sqrt(scatters[told & fits] / groups.size[told & fits])
        if np.log10(np.minimum(1, near / scatter)).sum() > SURE:
            continue
        for mask in (~case.test, case.train):
            some = (np.bincount(groups.code[mask & (groups.code >= 0)],
                                minlength=len(groups.size)) > 0) & told  # fmt: skip
            train = _means(groups, y, mask, added)[some]
            if case.split_kind == "given" and (np.abs(train - values[some]) <= near).mean() > 0.9:
                return "honest"
        return "leak"
    return ""


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
