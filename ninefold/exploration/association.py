"""How strongly any two columns go together, on one scale from 0 to 1 whatever their kinds."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.exploration.view import View

MAX_LEVELS = 30
MAX_PAIRS = 15
MEASURES = {
    "spearman": "rank correlation (Spearman)",
    "cramer": "Cramér's V, corrected for chance (Bergsma 2013)",
    "ratio": "correlation ratio of ranks, corrected for chance",
}


def associations(view: View) -> dict[str, Any]:
    """Return the matrix of associations of all columns, a target first, and the strongest pairs.

    Numbers and dates by |Spearman|, levels by Cramér's V, one of each by the correlation ratio;
    rows where either is missing are left out of a pair.
    """
    names = [view.target] * bool(view.target) + [c.name for c in view.columns]
    ordered = [name for name in names if view.is_ordered(name)]
    ranks = {name: _ranks(view.numbers[name]) for name in ordered}
    codes = {name: level_codes(view.numbers[name]) for name in names if name not in ranks}
    position = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    found: list[dict[str, Any]] = []
    spearman, pearson = (_correlations([source[n] for n in ordered])
                         for source in (ranks, view.numbers))  # fmt: skip
    for i, a in enumerate(names):
        for b in names[:i]:
            more: dict[str, Any] = {}
            if a in ranks and b in ranks:
                at = ordered.index(a), ordered.index(b)
                signed, kind = float(spearman[at]), "spearman"
                more, value = {"signed": signed, "pearson": float(pearson[at])}, abs(signed)
            elif a in codes and b in codes:
                value, kind = cramers_v(codes[a], codes[b]), "cramer"
            else:
                code, rank = (codes[a], ranks[b]) if a in codes else (codes[b], ranks[a])
                value, kind = correlation_ratio(code, rank), "ratio"
            matrix[position[a], position[b]] = matrix[position[b], position[a]] = value
            found.append({"a": b, "b": a, "measure": kind, "value": value, **more})
    inputs = [pair for pair in found if view.target not in (pair["a"], pair["b"])]
    inputs.sort(key=lambda pair: (-pair["value"], pair["a"], pair["b"]))
    return {
        "columns": names,
        "matrix": np.round(matrix, 4).tolist(),
        "strongest": inputs[:MAX_PAIRS],
        "measures": MEASURES,
    }


def _ranks(values: Array) -> Array:
    """Return mean ranks `(N,)`, NaN where missing."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(values, nan_policy="omit"))


def level_codes(values: Array) -> Array:
    """Return codes `(N,)` of the most frequent levels, the rest as one; -1 where NaN."""
    known = ~np.isnan(values)
    codes = np.full(len(values), -1)
    if known.any():
        _, inverse, counts = np.unique(values[known], return_inverse=True, return_counts=True)
        place = np.empty(len(counts), dtype=int)
        place[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
        codes[known] = np.minimum(place[inverse], MAX_LEVELS)
    return codes


def _correlations(columns: list[Array]) -> Array:
    """Return the correlation matrix `(F, F)` over the rows that each pair has."""
    if not columns:
        return np.empty((0, 0))
    X = np.column_stack(columns)
    known = ~np.isnan(X)
    M = known.astype(np.float64)
    with np.errstate(all="ignore"):
        Z = np.where(known, X - np.nanmean(np.where(known.any(0), X, 0.0), axis=0), 0.0)
        Z = np.nan_to_num(Z / np.sqrt((Z**2).mean(axis=0)), nan=0.0, posinf=0.0, neginf=0.0)
        n = np.maximum(M.T @ M, 1)
        sums, squares = Z.T @ M, (Z**2).T @ M
        covariance = Z.T @ Z - sums * sums.T / n
        spread = squares - sums**2 / n
        found = covariance / np.sqrt(spread * spread.T)
    return np.asarray(np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0).clip(-1, 1))


def table_of(a: Array, b: Array) -> Array:
    """Return the counts `(A, B)` of two code columns, missing (-1) left out, empty lines too."""
    known = (a >= 0) & (b >= 0)
    width = int(b.max(initial=0)) + 1
    flat = np.bincount(a[known] * width + b[known], minlength=(int(a.max(initial=0)) + 1) * width)
    counts = flat.reshape(-1, width)
    return counts[counts.any(axis=1)][:, counts.any(axis=0)]


def cramers_v(a: Array, b: Array) -> float:
    """Return Cramér's V with the bias of small samples removed (Bergsma 2013)."""
    counts = table_of(a, b).astype(float)
    n, (rows, columns) = counts.sum(), counts.shape
    if min(rows, columns) < 2 or n < 2:
        return 0.0
    expected = np.outer(counts.sum(1), counts.sum(0)) / n
    phi2 = float(((counts - expected) ** 2 / expected).sum()) / n
    excess = max(0.0, phi2 - (rows - 1) * (columns - 1) / (n - 1))
    sides = (s - (s - 1) ** 2 / (n - 1) for s in (rows, columns))
    return float(min(1.0, np.sqrt(excess / max(min(sides) - 1, 1e-9))))


def correlation_ratio(codes: Array, values: Array) -> float:
    """Return the share of spread between levels, as a root and corrected for the levels' number."""
    known = (codes >= 0) & ~np.isnan(values)
    c, v = codes[known], values[known]
    if len(v) < 3 or np.ptp(v) == 0:
        return 0.0
    counts = np.bincount(c)
    sums = np.bincount(c, weights=v - v.mean())
    present = counts > 0
    levels = int(present.sum())
    if levels < 2 or levels >= len(v):
        return 0.0
    eta2 = float((sums[present] ** 2 / counts[present]).sum()) / float(((v - v.mean()) ** 2).sum())
    return float(np.sqrt(max(0.0, 1 - (1 - eta2) * (len(v) - 1) / (len(v) - levels))))
