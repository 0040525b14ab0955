"""What chance alone would give: the yardstick of the findings. Probabilities are log10."""

import numpy as np

from ninefold.columns import Array

SURE = -12.0
"""log10 of the chance below which coincidence is no explanation, also over many columns."""


def log10_arrangements(counts: Array) -> float:
    """Return log10 of the ways to arrange classes of these sizes over the rows.

    A shuffled feature matches such a target in every row with one over this probability.
    """
    from scipy.special import gammaln

    total = gammaln(counts.sum() + 1) - gammaln(counts + 1).sum()
    return float(total / np.log(10))


def log10_order(distinct: int) -> float:
    """Return log10 of the probability that shuffled values come out in one of two orders."""
    from scipy.special import gammaln

    return float((np.log(2) - gammaln(distinct + 1)) / np.log(10))


def log10_excess(hits: int, of: int, inside: int, of_inside: int) -> float:
    """Return log10 of the chance of so many `hits` of `of`, if the `inside` ones are alike.

    Fisher's exact test, one-sided; at least -300.
    """
    from scipy.stats import fisher_exact

    table = [[hits, of - hits], [inside, of_inside - inside]]
    return float(np.log10(max(fisher_exact(table, "greater").pvalue, 1e-300)))


def log10_more(hits: int, expected: float) -> float:
    """Return log10 of the chance of so many rare events where so many are expected (Poisson).

    At least -300.
    """
    from scipy.stats import poisson

    return max(float(poisson.logsf(hits - 1, expected) / np.log(10)), -300.0)


def auc(score: Array, positive: Array) -> tuple[float, float]:
    """Return the ROC area of `score` `(N,)` for the mask `positive`, and its z under chance.

    Ties count half; z is that of the Mann-Whitney test with tie correction.
    """
    from scipy.stats import rankdata

    n1, n = int(positive.sum()), len(score)
    n0 = n - n1
    if n1 == 0 or n0 == 0:
        return 0.5, 0.0
    rank = rankdata(score)
    area = (rank[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0)
    _, ties = np.unique(score, return_counts=True)
    tied = (ties.astype(np.float64) ** 3 - ties).sum() / (n * (n - 1))
    variance = (n + 1 - tied) / (12 * n1 * n0)
    return float(area), float((area - 0.5) / np.sqrt(variance)) if variance > 0 else 0.0


def area_error(area: float, inside: Array) -> float:
    """Return the standard error of a ROC area of the rows under a mask `(N,)` against all others
    (Hanley, McNeil 1982).
    """
    n1 = int(inside.sum())
    n0 = len(inside) - n1
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n1 - 1) * (q1 - area**2) + (n0 - 1) * (q2 - area**2)
    return float(np.sqrt(max(spread, 0.0) / max(n1 * n0, 1)))


def rank_correlation(a: Array, b: Array) -> tuple[float, float]:
    """Return Spearman's rho of `(N,)` and `(N,)`, and its z under chance."""
    from scipy.stats import rankdata

    ranks = rankdata(a), rankdata(b)
    if len(a) < 3 or np.ptp(ranks[0]) == 0 or np.ptp(ranks[1]) == 0:
        return 0.0, 0.0
    rho = float(np.corrcoef(*ranks)[0, 1])
    return rho, rho * np.sqrt(len(a) - 1)
