"""Numbers that say the same: variance inflation and the condition number."""

import numpy as np

from ninefold.columns import Array

LARGEST = 1e6
"""Beyond this a column is as good as a copy of the others."""


def standardised(X: Array) -> tuple[Array, Array]:
    """Return the columns of `X` `(N, F)` that vary, filled and scaled, and their positions."""
    filled = np.where(np.isnan(X), np.nanmedian(np.where(np.isnan(X).all(0), 0, X), axis=0), X)
    with np.errstate(over="ignore", invalid="ignore"):
        spread = filled.std(axis=0)
    varying = np.flatnonzero(np.isfinite(spread) & (spread > 1e-12 * np.abs(filled).max(axis=0)))
    chosen = filled[:, varying]
    return (chosen - chosen.mean(axis=0)) / spread[varying], varying


def variance_inflation(X: Array) -> Array:
    """Return the VIF `(F,)` of every column: 1 / (1 - R²) of the column on all others.

    Columns that do not vary have 1. Source: Marquardt 1970, by the inverse correlation matrix.
    """
    Z, varying = standardised(X)
    inflation = np.ones(X.shape[1])
    if Z.shape[1] > 1:
        correlation = Z.T @ Z / len(Z)
        inverse = np.linalg.pinv(correlation + np.eye(len(varying)) / LARGEST, hermitian=True)
        inflation[varying] = np.clip(np.diag(inverse), 1, LARGEST)
    return inflation


def condition_number(X: Array) -> float:
    """Return the condition number of the standardised columns (Belsley 1980); 30 is much."""
    Z, _ = standardised(X)
    if Z.shape[1] < 2:
        return 1.0
    singular = np.linalg.svd(Z, compute_uv=False)
    return float(min(singular[0] / max(singular[-1], singular[0] / LARGEST), LARGEST))
