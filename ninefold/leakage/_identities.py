"""Columns whose sum of multiples is the target, in every row or in nearly all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ninefold.columns import Array

EXACT = 1e-5
"""Share of the target's variance that rounding may leave open in an identity."""
USUAL = 0.02
"""Usual error of an identity, in usual distances of the target from its middle, at most."""
MOSTLY = 0.85
"""Share of rows, of those whose target is not its commonest value, in which an identity holds."""
FITTED, STEPS = 0.85, 8
"""Share of rows kept at each step of a trimmed fit, and the number of steps."""
MAX_COLUMNS = 8
"""Columns of an identity, of any number of terms."""


@dataclass(frozen=True)
class Fit:
    """The terms that give the target: what of its variance is left, in how many of the rows."""

    terms: list[int]
    left: float
    rows: int
    share: float = 1.0


def most_terms(x: Array, y: Array, of: Sequence[str], seed: int) -> Fit | None:
    """Return the same for nearly all rows, at least 100: those nearest to a fit, fitted again.

    Least trimmed squares by concentration steps (Rousseeuw and Van Driessen 2006).
    """
    known = np.isfinite(x).all(1) & np.isfinite(y)
    if known.sum() < max(100, 10 * x.shape[1]) or known.mean() < 0.5:
        return None
    x, y = x[known], y[known]
    spread = x.std(0)
    z = np.column_stack([(x - x.mean(0)) / np.where(spread > 0, spread, 1.0), np.ones(len(y))])
    kept, before = np.arange(len(y)), np.inf
    for _ in range(STEPS):
        error = np.abs(y - z @ np.linalg.lstsq(z[kept], y[kept], rcond=None)[0])
        kept = np.argsort(error, kind="stable")[: int(FITTED * len(y))]
        if error[kept].mean() > 0.95 * before:
            break
        before = error[kept].mean()
    close = error <= np.sqrt(EXACT) * y[kept].std()
    values, counts = np.unique(y, return_counts=True)
    varied = y != values[counts.argmax()]
    if varied.sum() < 50 or close.mean() < MOSTLY or close[varied].mean() < MOSTLY or close.all():
        return None
    found = all_terms(x[close], y[close], of, seed)
    return replace(found, rows=len(y), share=float(close.mean())) if found else None


def all_terms(x: Array, y: Array, of: Sequence[str], seed: int) -> Fit | None:
    """Return the terms `(N, F)` whose linear combination is `y`, in every row.

    `of` names the column behind each; two columns at least take part.
    """
    rows = np.isfinite(x).all(1) & np.isfinite(y)
    if x.shape[1] < 2 or rows.sum() < max(40, 4 * x.shape[1]):
        return None
    x, y = x[rows], y[rows]
    spread = x.std(0)
    kept = np.flatnonzero(spread > 1e-12 * np.maximum(np.abs(x).max(0), 1e-300))
    if len(kept) < 2 or y.std() == 0:
        return None
    x = (x[:, kept] - x[:, kept].mean(0)) / spread[kept]
    y = (y - y.mean()) / y.std()
    train = np.random.default_rng(seed).permutation(len(y)) % 2 == 0
    left, weights = _left(x, y, train)
    if left > EXACT:
        return None
    terms = np.flatnonzero(np.abs(weights) > 3 * np.sqrt(max(left, 1e-10)))
    for term in sorted(terms, key=lambda i: abs(weights[i])):
        fewer = terms[terms != term]
        if len(fewer) and _left(x[:, fewer], y, train)[0] <= max(EXACT / 10, 4 * left):
            terms = fewer
    used = {of[kept[i]] for i in terms}
    if not 2 <= len(used) <= MAX_COLUMNS or not _holds_everywhere(x[:, terms], y):
        return None
    left = _left(x[:, terms], y, train)[0]
    if left > EXACT:
        return None
    return Fit([int(kept[i]) for i in terms], left, len(y))


def _left(x: Array, y: Array, train: Array) -> tuple[float, Array]:
    """Return the share of variance left on the rows not fitted, and the weights."""
    design = np.column_stack([x, np.ones(len(y))])
    weights = np.linalg.lstsq(design[train], y[train], rcond=None)[0]
    error = y[~train] - design[~train] @ weights
    return float((error**2).mean() / max(y[~train].var(), 1e-12)), weights[:-1]


def _holds_everywhere(x: Array, y: Array) -> bool:
    """Tell whether the usual error is small beside how far targets `(N,)` usually lie apart.

    A few huge rows make up all the variance of some tables, and any sum that fits them leaves none.
    """
    design = np.column_stack([x, np.ones(len(y))])
    error = np.abs(y - design @ np.linalg.lstsq(design, y, rcond=None)[0])
    values, counts = np.unique(y, return_counts=True)
    varied = y != values[counts.argmax()]
    usual = float(np.median(np.abs(y[varied] - np.median(y[varied])))) if varied.any() else 0.0
    return bool(np.median(error[varied]) <= USUAL * usual) if usual > 0 else True
