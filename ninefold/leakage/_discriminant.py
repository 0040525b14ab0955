"""What a linear model of all columns says of the label of each row, which it has not seen."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._contradicted import DENIED
from ninefold.leakage._voting import MAJORITY
from ninefold.leakage.case import Case

WIDEST = 600
"""Columns of numbers up to which a model is fitted."""
FOLDS, PASSES = 5, 3
"""Parts that are predicted from the others, and fits, each without the labels denied before."""


def discriminant(case: Case, use: Array, label: Array) -> Array | None:
    """Return the chance `(M, K)` that rows `use` `(M,)` of a case have each label, out of fold.

    Linear discriminants (Fisher 1936) of the columns' normal scores, squares and levels. Labels
    that the model denies are left out of the next fit: wrong ones would widen every class. None
    where there are too many columns.
    """
    blocks = [block for name in case.inputs for block in case.power.encoded[name]]
    x = np.hstack(blocks)[use] if blocks else np.empty((len(use), 0))
    spread = x.std(axis=0)
    x = x[:, spread > 1e-9] / spread[spread > 1e-9]
    if not 0 < x.shape[1] <= WIDEST:
        return None
    fold = np.random.default_rng(case.seed).permutation(len(use)) % FOLDS
    rows, kept = np.arange(len(use)), np.ones(len(use), dtype=bool)
    for _ in range(PASSES):
        told = _out_of_fold(x, label, kept, fold)
        kept = (told[rows, label] > DENIED) | (told.max(axis=1) < MAJORITY)
    return told


def _out_of_fold(x: Array, label: Array, kept: Array, fold: Array) -> Array:
    """Return the chance `(M, K)` of each label by the `kept` rows `(M,)` of the other folds."""
    one = (label[:, None] == np.arange(int(label.max()) + 1)) & kept[:, None]
    products = [x[kept & (fold == f)].T @ x[kept & (fold == f)] for f in range(FOLDS)]
    told = np.empty(one.shape)
    for number in range(FOLDS):
        test = fold == number
        of = one[~test].astype(np.float64)
        size = np.maximum(of.sum(axis=0), 1.0)
        mean = of.T @ x[~test] / size[:, None]
        scatter = sum(p for f, p in enumerate(products) if f != number)
        inside = (scatter - (mean.T * size) @ mean) / size.sum()
        told[test] = _chances(x[test], mean, _shrunk(inside, size.sum()), size / size.sum())
    return told


def _shrunk(covariance: Array, rows: float) -> Array:
    """Return a covariance `(P, P)` drawn to equal variances, the more the fewer rows it has."""
    wide = len(covariance)
    weight = wide / (wide + rows)
    even = np.trace(covariance) / wide + 1e-9
    return np.asarray((1 - weight) * covariance + weight * even * np.eye(wide))


def _chances(x: Array, mean: Array, covariance: Array, prior: Array) -> Array:
    """Return the chance `(M, K)` of classes with these means `(K, P)` and one covariance."""
    axes = np.linalg.solve(covariance, mean.T)
    score = x @ axes - (mean.T * axes).sum(axis=0) / 2 + np.log(prior)
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))
