"""When a cell that is an array is a copy of another, and how much copies in test matter."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Severity
from ninefold.leakage.chance import log10_excess

QUERIES, POOL, MIN_POOL = 1500, 20_000, 30
"""Test cells whose nearest are sought, cells to seek among, and how many of those it takes."""
FAR = 4.0
"""Powers of ten by which a copy is nearer than the next cells let expect."""
ALIKE = 0.1
"""Distance above which cells are not called copies, however lonely they are."""
LEADS = 3
"""Copies of one cell that are looked for."""
OFTENER, USUALLY = -3.0, 0.02
"""log10 of the chance that test leads so much oftener than train inside, and the share of other
cells that are as near as copies."""
FEW, MANY = 0.005, 0.05
"""Shares of test from which copies warn, and block."""
MIN_ROWS = 3


@dataclass(frozen=True)
class Sought:
    """Rows of test whose nearest are sought, the rows to seek among, and some places `own` of those
    whose nearest inside tell what is usual.
    """

    test: Array
    pool: Array
    own: Array


def sought(case: Case, usable: Array | None = None) -> Sought | None:
    """Draw the rows to look at, of those `usable` `(N,)`; None if there are too few."""
    of = np.ones(len(case), dtype=bool) if usable is None else usable
    rng = np.random.default_rng(case.seed)
    test = _some(np.flatnonzero(case.test & of), QUERIES, rng)
    pool = _some(np.flatnonzero(~case.test & of), POOL, rng)
    if len(pool) < MIN_POOL or not len(test):
        return None
    return Sought(test, pool, _some(np.arange(len(pool)), QUERIES, rng))


def usual_lead(distance: Array) -> float:
    """Return the median lead of the nearest cell over the second nearest, in shares of log 2.

    `distance` `(Q, 2+)` rises; of honest cells the lead is exponential (Facco and others, 2017,
    their TwoNN), and this is its scale.
    """
    return float(np.median(np.log(distance[:, 1] / distance[:, 0])) / np.log(2))


def leads(distance: Array, scale: float) -> Array:
    """Return the mask of rows whose first, second or third nearest leads by far."""
    ahead = min(LEADS, distance.shape[1] - 1)
    steps = np.log(distance[:, 1 : ahead + 1] / distance[:, :ahead])
    lead = steps * np.arange(1, ahead + 1) / max(scale, 1e-3)
    is_near = distance[:, :ahead] <= ALIKE
    return np.asarray(((lead >= FAR * np.log(10)) & is_near).any(axis=1))


def beyond_usual(found: Array, usual: Array, distance: Array, inside: Array) -> Array:
    """Return which cells `(Q,)` that were `found` leading are copies, whatever train is like.

    Where cells inside train lead as often (`usual` `(R,)`), plain shapes do by themselves: then
    only those count that are nearer than others ever are.
    """
    at = int(found.sum()), len(found), int(usual.sum()), len(usual)
    if log10_excess(*at) <= OFTENER:
        return found
    others = np.concatenate([distance[~found, 0], inside[~usual, 0]])
    nearest = np.quantile(others, USUALLY) if len(others) else np.inf
    return np.asarray(found & (distance[:, 0] < nearest))


def severity(case: Case, count: int, share: float) -> Severity:
    """Return how much `count` copies, a share of test, matter."""
    if count < MIN_ROWS or share < FEW:
        return "info"
    return "block" if share >= MANY or case.split_kind == "given" else "warn"


def _some(rows: Array, most: int, rng: np.random.Generator) -> Array:
    """Return at most `most` of the rows, drawn, in order."""
    if len(rows) <= most:
        return rows
    return np.asarray(np.sort(rng.choice(rows, most, replace=False)))
