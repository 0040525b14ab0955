"""A number that a few columns give up to its rounding: sums, means, harmonic means, ratios."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import unit

MIN_ROWS, MIN_STEPS = 60, 5.0
"""Rows needed, and steps of rounding in a standard deviation of the target."""
USUAL, WITHIN, ALMOST = 0.62, 1.3, 0.995
"""Root of the mean squared error, in steps, where the terms are rounded to the same step (.29 each
and .29 of the target), and how far nearly all rows lie at most."""
LARGEST = 1e12
MAX_TERMS, ALONE = 4, 2.0
"""Terms, and how many times larger the error of one column alone must be."""
ROWS_PER_TERM = 5
"""Rows for each term that is fitted: of fewer, a fit may err by no more than rounding."""


@dataclass(frozen=True)
class Rounded:
    """The columns that give the target, how, and the error in steps of its rounding."""

    used: tuple[int, ...]
    said: str
    error: float
    rows: int


def rounded_identity(x: Array, y: Array, seed: int) -> Rounded | None:
    """Return the columns of `(N, F)` that give `(N,)` up to rounding, on rows not fitted."""
    x, y = (np.where(np.abs(values) < LARGEST, values, np.nan) for values in (x, y))
    known = y[np.isfinite(y)]
    if len(known) < MIN_ROWS or not unit(known) > 0 or known.std() < MIN_STEPS * unit(known):
        return None
    step = unit(known)
    for said, terms, goal, slope in _designs(x, y):
        rows = np.isfinite(goal)
        if rows.sum() < MIN_ROWS:
            continue
        usable = np.flatnonzero(np.isfinite(terms[rows]).mean(0) > 0.95)
        rows &= np.isfinite(terms[:, usable]).all(1)
        if len(usable) < 2 or rows.sum() < MIN_ROWS or rows.mean() < 0.7:
            continue
        weight = slope[rows] / step
        found = _few(terms[rows][:, usable], goal[rows], weight, seed)
        if found is not None:
            return Rounded(tuple(int(usable[i]) for i in found[0]), said, found[1], int(rows.sum()))
    return None


def _designs(x: Array, y: Array) -> Iterator[tuple[str, Array, Array, Array]]:
    """Yield what a fit would say, the terms, what they give, and the target's change with it."""
    yield "sum of multiples", x, y, np.ones(len(y))
    terms, goal = (1 / np.where(values > 1 / LARGEST, values, np.nan) for values in (x, y))
    yield "harmonic mean", terms, goal, y**2
    terms, goal = (np.log(np.where(values > 0, values, np.nan)) for values in (x, y))
    yield "product of powers", terms, goal, y


def _few(x: Array, goal: Array, weight: Array, seed: int) -> tuple[list[int], float] | None:
    """Return the fewest terms that give the goal up to rounding, and their error; two to four.

    They are sought one by one, and among all at once: what lies nearest to the goal may be none.
    """
    train = np.random.default_rng(seed).permutation(len(goal)) % 2 == 0
    size = x.std(0)
    x = (x - x.mean(0)) / np.where(size > 0, size, 1.0)
    chosen: list[int] = []
    left, first = goal - goal[train].mean(), np.inf
    for _ in range(MAX_TERMS):
        gain = np.abs((left * weight)[train] @ (x * weight[:, None])[train])
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        left, _ = _left(x[:, chosen], goal, weight, train)
        error = np.abs(left * weight)[~train]
        if len(chosen) == 1:
            first = _usual(error)
        elif _is_rounding(error):
            break
    else:
        chosen = list(range(x.shape[1]))
    if train.sum() < ROWS_PER_TERM * len(chosen):
        return None
    found = _needed(x, goal, weight, train, chosen)
    if found is None or not 2 <= len(found[0]) <= MAX_TERMS or first < ALONE * found[1]:
        return None
    return found


def _usual(error: Array) -> float:
    return float(np.sqrt((error**2).mean()))


def _is_rounding(error: Array) -> bool:
    """Tell whether errors `(N,)`, in steps, are those of rounding."""
    return _usual(error) <= USUAL and float((error <= WITHIN).mean()) >= ALMOST


def _needed(
    x: Array, goal: Array, weight: Array, train: Array, chosen: list[int]
) -> tuple[list[int], float] | None:
    """Return the terms without those that the others make needless, and their error in steps."""
    left, weights = _left(x[:, chosen], goal, weight, train)
    error = np.abs(left * weight)[~train]
    if not _is_rounding(error):
        return None
    for term in [chosen[at] for at in np.argsort(np.abs(weights), kind="stable")]:
        fewer = [other for other in chosen if other != term]
        left = np.abs(_left(x[:, fewer], goal, weight, train)[0] * weight)[~train]
        if _is_rounding(left):
            chosen, error = fewer, left
    return chosen, _usual(error)


def _left(x: Array, goal: Array, weight: Array, train: Array) -> tuple[Array, Array]:
    """Return what terms `(N, K)` leave of the goal, fitted to the train rows, and their weights."""
    design = np.column_stack([x, np.ones(len(goal))])
    scaled = design * weight[:, None]
    weights = np.linalg.lstsq(scaled[train], (goal * weight)[train], rcond=None)[0]
    return np.asarray(goal - design @ weights), np.asarray(weights[:-1])
