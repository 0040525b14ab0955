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
LOWER, TIMES = 0.25, 2.5
"""What comes after copies is as far as others are: at least the lower quantile of that over this.
"""
AGREE = 0.9
"""Share of copies that bear the target of their twin; those of other things bear others."""


@dataclass(frozen=True)
class Sought:
    """Rows of test whose nearest are sought, the rows to seek among, and some places `own` of those
    whose nearest inside tell what is usual.
    """

    test: Array
    pool: Array
    own: Array


@dataclass(frozen=True)
class Copies:
    """Which of the cells looked at are copies `(T,)`, and which surely, the place in the pool of
    what is nearest to each and its distance; the share of cells that lead as much inside train;
    whether nothing but copying explains them.
    """

    is_copy: Array
    is_sure: Array
    twin: Array
    distance: Array
    share_inside: float
    is_apart: bool = True


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
    if is_oftener(found, usual):
        return found
    others = np.concatenate([distance[~found, 0], inside[~usual, 0]])
    nearest = np.quantile(others, USUALLY) if len(others) else np.inf
    return np.asarray(found & (distance[:, 0] < nearest))


def is_oftener(found: Array, usual: Array) -> bool:
    """Tell whether cells `(Q,)` were `found` leading oftener than those inside train, `usual`."""
    at = int(found.sum()), len(found), int(usual.sum()), len(usual)
    return log10_excess(*at) <= OFTENER


def is_plain(found: Array, distance: Array) -> bool:
    """Tell whether most cells `(Q,)` that were `found` leading are plain shapes among others: what
    comes after their copies, at distances `(Q, K)` that rise, is nearer than anything is to others.
    """
    steps = np.log(distance[:, 1:6] / distance[:, :5])
    place = np.where(found, steps.argmax(axis=1) + 1, 0)
    beyond = np.take_along_axis(distance, place[:, None], 1)[:, 0]
    return bool((beyond[found] < np.quantile(beyond, LOWER) / TIMES).mean() > 0.5)


def severity(case: Case, count: int, share: float) -> Severity:
    """Return how much `count` copies, a share of test, matter."""
    if count < MIN_ROWS or share < FEW:
        return "info"
    return "block" if share >= MANY or case.split_kind == "given" else "warn"


def severity_of(case: Case, drawn: Sought, found: Copies) -> Severity:
    """Return how much the sure copies matter."""
    copies, twins = drawn.test[found.is_sure], drawn.pool[found.twin[found.is_sure]]
    plain = severity(case, len(copies), float(found.is_sure.mean()))
    if plain != "block" or not found.is_apart:
        return "warn" if plain == "block" else plain
    is_told = case.problem.learns_target and case.is_classification
    is_same = not is_told or (case.y[copies] == case.y[twins]).mean() >= AGREE
    return "block" if is_same else "warn"


def together(looks: list[Copies]) -> Copies:
    """Return what any of the looks found; where several did, as the last one saw it."""
    last = looks[-1]
    for look in looks[:-1]:
        last = Copies(
            last.is_copy | look.is_copy,
            last.is_sure | look.is_sure,
            np.where(last.is_copy, last.twin, look.twin),
            np.where(last.is_copy, last.distance, look.distance),
            max(last.share_inside, look.share_inside),
            last.is_apart or look.is_apart,
        )
    return last


def _some(rows: Array, most: int, rng: np.random.Generator) -> Array:
    """Return at most `most` of the rows, drawn, in order."""
    if len(rows) <= most:
        return rows
    return np.asarray(np.sort(rng.choice(rows, most, replace=False)))
