"""Records that another equals in all but one cell, where none equals them in all but two."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ninefold.columns import Array

NATURAL = 0.5
"""Records with one neighbour a ring further out over those with none there, up to which records
were put in; 11 at least in published tables whose pairs differ in any column."""
SAME_COLUMN = 0.35
"""Share of pairs that may differ in one column: entities differ in the same ones again and again.
"""
MIN_ROWS, MIN_SHARE = 8, 0.015
"""Records with such a neighbour, and their share of all, below which nothing is said."""


@dataclass(frozen=True)
class Rings:
    """The mask `(N,)` of records changed in one cell, and of how many another differs in two."""

    changed: Array
    farther: int


def changed_in_a_cell(columns: list[Array], keeps_last: bool) -> Rings | None:
    """Find records of which some were entered again with one cell changed, whichever it was.

    Records `(N,)` of salted hashes a column, none twice; the last is the one that no copy changes,
    if it `keeps_last`.
    Where records meet by chance, far more differ in two cells than in one: of those that none meets
    in two, as many meet one in one cell as there are, at most, that meet none there and exactly one
    in two (Robbins 1956, as in `rows.repeated`). Copies are made without regard to neighbours.
    """
    total = np.add.reduce(columns)
    near = [_others(total - column) for column in columns]
    free = near[:-1] if keeps_last else near
    has_near = np.sum(free, axis=0) > 0
    has_near &= near[-1] == 0 if keeps_last else True
    least = max(MIN_ROWS, MIN_SHARE * len(total))
    if has_near.sum() < least:
        return None
    far = np.zeros(len(total), dtype=np.int64)
    for a, b in combinations(range(len(columns)), 2):
        far += _others(total - columns[a] - columns[b]) - near[a] - near[b]
    changed = has_near & (far == 0)
    count, farther = int(changed.sum()), int(((np.sum(near, axis=0) == 0) & (far == 1)).sum())
    in_one = max(int((others[changed] > 0).sum()) for others in free)
    if count < least or farther > NATURAL * count or in_one > SAME_COLUMN * count:
        return None
    return Rings(changed, farther)


def _others(code: Array) -> Array:
    """Return how many others have a row's code `(N,)`."""
    _, inverse, size = np.unique(code, return_inverse=True, return_counts=True)
    return np.asarray(size[inverse] - 1)
