"""How many clusters there are, and whether there are any."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ninefold.clustering.algorithms import AlgorithmSpec, Clusters
from ninefold.columns import Array
from ninefold.errors import InputError

STABLE = 0.75
"""Agreement of two bootstrap samples from which a number of clusters is called stable."""
ROWS_EACH = 5
"""Rows for each of the most clusters that are tried."""
SHUFFLES = 19
NULL_ROWS = 1000


def choose_k(
    z: Array, algorithm: AlgorithmSpec, k_max: int, bootstraps: int, seed: int
) -> dict[str, Any]:
    """Return the number of clusters `k`, how every number did, and why this one.

    Stability: two bootstrap samples are clustered, both clusterings sort all rows `z (N, D)`, and
    the adjusted Rand index says how far they agree (Fang and Wang, "Selection of the number of
    clusters via the bootstrap method", 2012). Of the stable numbers the one with the best
    silhouette is taken; if none is stable, the most stable.

    Raises:
        InputError: too few rows for two clusters, or all are alike.
    """
    distinct = len(np.unique(z, axis=0))
    most = min(k_max, len(z) // ROWS_EACH, distinct)
    if most < 2:
        raise InputError(
            f"rows must be at least {2 * ROWS_EACH}, and differ, for the number of clusters to be "
            f"chosen, however: {len(z)} train rows, {distinct} different. Bring more, or set "
            "cluster.k"
        )
    tried = [_try(z, algorithm, k, bootstraps, seed) for k in range(2, most + 1)]
    stable = [item for item in tried if item["stability"] >= STABLE]
    best = (
        max(stable, key=lambda item: _or_least(item["silhouette"]))
        if stable
        else max(tried, key=lambda item: item["stability"])
    )
    why = (
        f"the best silhouette of the {len(stable)} numbers of clusters that come out alike on two "
        f"samples of the rows (adjusted Rand index at least {STABLE:g})"
        if stable
        else f"no number of clusters comes out alike on two samples of the rows (adjusted Rand "
        f"index below {STABLE:g} for all); this one varies least"
    )
    return {"k": best["k"], "is_stable": bool(stable), "why": why, "tried": tried}


def _try(z: Array, algorithm: AlgorithmSpec, k: int, bootstraps: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng([seed, k])
    agreements = [agreement(z, algorithm, k, rng) for _ in range(bootstraps)]
    codes = algorithm.fit(z, k, seed).assign(z)[0]
    return {
        "k": k,
        "silhouette": mean_silhouette(z, codes),
        "stability": float(np.mean(agreements)),
        "stability_error": float(np.std(agreements, ddof=1) / np.sqrt(len(agreements))),
    }


def agreement(z: Array, algorithm: AlgorithmSpec, k: int, rng: np.random.Generator) -> float:
    """Return how far the clusterings of two bootstrap samples of `z (N, D)` agree, 1 at most."""
    from sklearn.metrics import adjusted_rand_score

    sorted_by = []
    for _ in range(2):
        rows = np.sort(rng.integers(0, len(z), len(z)))
        found = algorithm.fit(z[rows], k, int(rng.integers(2**31)))
        sorted_by.append(found.assign(z)[0])
    return float(adjusted_rand_score(*sorted_by))


def silhouettes(z: Array, codes: Array) -> Array:
    """Return each row's silhouette `(N,)` (Rousseeuw 1987): NaN for rows of no cluster (-1)."""
    from sklearn.metrics import silhouette_samples

    inside = codes >= 0
    found = np.full(len(z), np.nan)
    count = len(np.unique(codes[inside]))
    if 2 <= count < inside.sum():
        found[inside] = silhouette_samples(z[inside], codes[inside])
    return found


def mean_silhouette(z: Array, codes: Array) -> float | None:
    """Return the mean silhouette, None where there are not two clusters."""
    found = silhouettes(z, codes)
    return None if np.isnan(found).all() else float(np.nanmean(found))


def _or_least(silhouette: float | None) -> float:
    """Return the least there is where there are not two clusters."""
    return -1.0 if silhouette is None else silhouette


def structure(
    z: Array, algorithm: AlgorithmSpec, k: int, columns: Sequence[str], seed: int
) -> dict[str, Any]:
    """Hold the silhouette against rows whose columns were shuffled: no cluster is left in them.

    Args:
        columns: `(D,)` the column behind each coordinate; those of one are shuffled together.
    """
    rng = np.random.default_rng([seed, 1])
    z = z[np.sort(rng.choice(len(z), min(len(z), NULL_ROWS), replace=False))]
    names = np.asarray(columns, dtype=object)

    def found(rows: Array) -> float:
        try:
            codes = inside(algorithm.fit(rows, k, seed), rows)
        except InputError:  # no dense region is left
            return _or_least(None)
        return _or_least(mean_silhouette(rows, codes))

    null = []
    for _ in range(SHUFFLES):
        shuffled = z.copy()
        for name in dict.fromkeys(columns):
            own = np.flatnonzero(names == name)
            shuffled[:, own] = z[np.ix_(rng.permutation(len(z)), own)]
        null.append(found(shuffled))
    value = found(z)
    p = (1 + sum(other >= value for other in null)) / (1 + SHUFFLES)
    return {"silhouette": value, "shuffled": float(np.mean(null)), "most": max(null), "p": p}


def inside(clusters: Clusters, z: Array) -> Array:
    """Return cluster codes `(N,)`, -1 for rows that belong to none."""
    codes = clusters.assign(z)[0]
    return np.asarray(np.where(codes < clusters.k, codes, -1))
