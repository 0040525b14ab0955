"""How far two ways to sort rows agree, with weights, so that rows can be resampled."""

import numpy as np

from ninefold.columns import Array
from ninefold.unlabelled.measuring import Statistic


def counted(a: Array, b: Array, weight: Array | None) -> Array:
    """Return the table `(A, B)` of summed weights of codes `a (N,)` against codes `b (N,)`."""
    rows, columns = int(a.max(initial=0)) + 1, int(b.max(initial=0)) + 1
    cells = np.bincount(a * columns + b, weights=weight, minlength=rows * columns)
    return cells.astype(np.float64).reshape(rows, columns)


def adjusted_rand(a: Array, b: Array) -> Statistic:
    """Return the adjusted Rand index (Hubert and Arabie 1985) of codes `(N,)`, as a statistic."""

    def statistic(weight: Array | None) -> float:
        table = counted(a, b, weight)
        pairs = (table * (table - 1)).sum() / 2
        rows, columns = table.sum(axis=1), table.sum(axis=0)
        by_row, by_column = (rows * (rows - 1)).sum() / 2, (columns * (columns - 1)).sum() / 2
        total = table.sum() * (table.sum() - 1) / 2
        expected = by_row * by_column / total if total else 0.0
        most = (by_row + by_column) / 2
        return float((pairs - expected) / (most - expected)) if most > expected else float("nan")

    return statistic


def mutual_information(a: Array, b: Array) -> Statistic:
    """Return the mutual information of codes `(N,)` over the mean of their entropies."""

    def statistic(weight: Array | None) -> float:
        table = counted(a, b, weight)
        share = table / max(table.sum(), 1e-300)
        rows, columns = share.sum(axis=1), share.sum(axis=0)
        outer = np.outer(rows, columns)
        inside = share > 0
        mutual = float((share[inside] * np.log(share[inside] / outer[inside])).sum())
        mean = (_entropy(rows) + _entropy(columns)) / 2
        return mutual / mean if mean > 0 else float("nan")

    return statistic


def _entropy(share: Array) -> float:
    known = share[share > 0]
    return float(-(known * np.log(known)).sum())
