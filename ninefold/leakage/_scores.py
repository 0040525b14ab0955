"""Ranks, bins and out-of-fold scores: the arithmetic behind `power`."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.chance import auc

FOLDS = 5


def normal_scores(values: Array) -> Array:
    """Return the normal scores `(N,)` of the ranks of `(N,)`; missing ones at the middle, 0."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    scores = np.zeros(len(values))
    known = np.isfinite(values)
    if known.any():
        scores[known] = ndtri((rankdata(values[known]) - 0.5) / known.sum())
    return scores


def along_line(values: Array, y: Array) -> float:
    """Return the squared correlation of `y` `(N,)` with normal scores; 0 where one is missing."""
    if not np.isfinite(values).all() or np.ptp(values) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(normal_scores(values), y)[0, 1] ** 2)


def binned(values: Array, bins: int) -> Array:
    """Return bins `(N,)` int64 of about equal size, from 1; 0 where missing."""
    known = np.isfinite(values)
    codes = np.zeros(len(values), dtype=np.int64)
    if not known.any():
        return codes
    distinct = np.unique(values[known])
    if len(distinct) > bins:
        edges = np.unique(
            np.quantile(values[known], np.linspace(0, 1, bins + 1)[1:-1], method="lower")
        )
        codes[known] = np.searchsorted(edges, values[known], side="left") + 1
    else:
        codes[known] = np.searchsorted(distinct, values[known]) + 1
    return codes


def either_area(score: Array, positive: Array) -> float:
    """Return the ROC area of `(N,)` scores, whichever end stands for the class."""
    area = auc(score, positive)[0]
    return max(area, 1 - area)


def area_of_bins(values: Array, positive: Array) -> float:
    """Return the ROC area of a number's bins, which need be in no order."""
    codes = binned(values, 20)
    share = np.bincount(codes, positive) / np.maximum(np.bincount(codes), 1)
    return auc(share[codes], positive)[0]


def areas(score: Array, counts: Array) -> Array:
    """Return the ROC areas `(K,)` of scored cells: scores and counts `(cells, K)`; ties half."""
    k = counts.shape[1]
    found = np.full(k, 0.5)
    total = counts.sum(1)
    for j in range(k):
        levels, place = np.unique(np.round(score[:, j], 12), return_inverse=True)
        positive = np.bincount(place, counts[:, j], minlength=len(levels))
        negative = np.bincount(place, total, minlength=len(levels)) - positive
        if positive.sum() == 0 or negative.sum() == 0:
            continue
        below = np.cumsum(negative) - negative / 2
        found[j] = (positive * below).sum() / (positive.sum() * negative.sum())
    return found


def ridge_out_of_fold(x: Array, y: Array, fold: Array) -> Array:
    """Return predictions of `(N,)` or `(N, K)` by ridge on `(N, F)`, each fold by the others."""
    spread = x.std(0)
    x = np.where(spread > 0, (x - x.mean(0)) / np.where(spread > 0, spread, 1), 0.0)
    x[:, 0] = 1.0
    predicted = np.zeros(y.shape)
    gram, moment = x.T @ x, x.T @ y
    penalty = np.eye(x.shape[1]) * (1.0 + 0.1 * x.shape[1])
    penalty[0, 0] = 1e-6
    for number in range(FOLDS):
        test = fold == number
        held = x[test]
        weights = np.linalg.solve(gram - held.T @ held + penalty, moment - held.T @ y[test])
        predicted[test] = held @ weights
    return predicted


def is_parted(x: Array, positive: Array) -> bool:
    """Tell whether numbers `(N,)` lie in two heaps with fewer between, where a class begins.

    What causes a class by a threshold lies as thick there as on the thinner side.
    """
    order = np.argsort(x, kind="stable")
    x, positive = x[order], positive[order]
    apart = np.abs(np.cumsum(positive) / positive.sum() - np.cumsum(~positive) / (~positive).sum())
    apart[np.append(x[1:] == x[:-1], True)] = 0
    edge = int(apart.argmax())
    middle = (x[edge] + x[min(edge + 1, len(x) - 1)]) / 2
    sides = np.median(x[: edge + 1]), np.median(x[edge + 1 :])
    reach = 0.2 * (sides[1] - sides[0])
    low, between, high = (
        np.searchsorted(x, at + reach, "right") - np.searchsorted(x, at - reach, "left")
        for at in (sides[0], middle, sides[1])
    )
    return bool(min(low, high) - between > 2.5 * np.sqrt(min(low, high) + between))
