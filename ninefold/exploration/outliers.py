"""Values far from their column, rows far from the others."""

import numpy as np

from ninefold.columns import Array

TREES, PER_TREE = 100, 256
NORMAL = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""


def robust_z(values: Array) -> Array:
    """Return `(N,)`: distance from the median in robust standard deviations; NaN stays.

    Where more than half of the values are alike the mean absolute deviation takes over.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), np.nan)
    centre = float(np.median(known))
    with np.errstate(over="ignore", invalid="ignore"):
        away = np.abs(known - centre)
        scale = NORMAL * float(np.median(away)) or 1.2533 * float(away.mean())
        return np.abs(values - centre) / scale if scale else np.zeros(len(values))


def isolation(X: Array, seed: int = 0) -> Array:
    """Return how easily each row of `X` `(N, F)` is set apart, `(N,)` from 0 to 1; 0.5 is usual.

    Source: Liu, Ting, Zhou 2008, as scikit-learn has it. Missing values become the median.
    """
    from sklearn.ensemble import IsolationForest

    middle = np.nanmedian(np.where(np.isnan(X).all(axis=0), 0, X), axis=0)
    filled = np.where(np.isnan(X), middle, X).clip(-1e30, 1e30).astype(np.float32)
    forest = IsolationForest(n_estimators=TREES, max_samples=min(PER_TREE, len(X)),
                             random_state=seed, n_jobs=1)  # fmt: skip
    return np.asarray(-forest.fit(filled).score_samples(filled))
