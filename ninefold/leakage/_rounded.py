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
    """Return the fewest terms, chosen in turn, that give the goal up to rounding; at least two."""
    train = np.random.default_rng(seed).permutation(len(goal)) % 2 == 0
    size = x.std(0)
    x = (x - x.mean(0)) / np.where(size > 0, size, 1.0)
    chosen: list[int] = []
    left, first = goal - goal[train].mean(), np.inf
    for _ in range(MAX_TERMS):
        gain = np.abs((left * weight)[train] @ (x * weight[:, None])[train])
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        left = _left(x[:, chosen], goal, weight, train)
        error = np.abs(left * weight)[~train]
        if len(chosen) == 1:
            first = _usual(error)
        elif _is_rounding(error):
            usual, chosen = _usual(error), _needed(x, goal, weight, train, chosen)
            return (chosen, usual) if first >= ALONE * usual and len(chosen) > 1 else None
    return None


def _usual(error: Array) -> float:
    return float(np.sqrt((error**2).mean()))


def _is_rounding(error: Array) -> bool:
    """Tell whether errors `(N,)`, in steps, are those of rounding."""
    return _usual(error) <= USUAL and float((error <= WITHIN).mean()) >= ALMOST


def _needed(x: Array, goal: Array, weight: Array, train: Array, chosen: list[int]) -> list[int]:
    """Return the terms without those that others, chosen later, make needless."""
    for term in chosen[:-1]:
        fewer = [other for other in chosen if other != term]
        left = _left(x[:, fewer], goal, weight, train)
        if _is_rounding(np.abs(left * weight)[~train]):
            chosen = fewer
    return chosen


def _left(x: Array, goal: Array, weight: Array, train: Array) -> Array:
    design = np.column_stack([x, np.ones(len(goal))])
    scaled = design * weight[:, None]
    weights = np.linalg.lstsq(scaled[train], (goal * weight)[train], rcond=None)[0]
    return np.asarray(goal - design @ weights)
