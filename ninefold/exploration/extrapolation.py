"""Where a learning curve goes: a - b n^-c, fitted to what was measured (Viering & Loog, 2022)."""

import numpy as np

from ninefold.columns import Array

POWERS = np.linspace(0.2, 1.2, 21)


def extrapolated(sizes: Array, scores: Array, rows: float, ceiling: float = 1.0) -> float:
    """Return the score that the fitted curve has at `rows`; it never falls.

    Args:
        sizes: rows that were learnt from `(n,)`.
        scores: what came of it `(n,)`, higher is better.
        rows: where to.
        ceiling: no score is higher.
    """
    best, found = np.inf, float(scores[-1])
    for power in POWERS:
        base = np.column_stack([np.ones(len(sizes)), -(sizes.astype(float) ** -power)])
        (top, slope), *_ = np.linalg.lstsq(base, scores, rcond=None)
        slope = max(slope, 0.0)
        top = top if slope else float(scores.mean())
        error = float(((base @ [top, slope] - scores) ** 2).sum())
        if error < best - 1e-12:
            best, found = error, float(top - slope * float(rows) ** -power)
    return min(found, ceiling)
