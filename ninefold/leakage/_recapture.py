"""How many pairs of rows would be equal by chance, told by those equal in all columns but two."""

from itertools import combinations

import numpy as np

from ninefold.columns import Array
from ninefold.splitting.identity import combine, pairs_within

VARIED = 8
"""The most varied columns, which are left out in turn."""
TIMES, ERRORS = 4.0, 6.0
"""How many times, and by how many standard errors of a count, more pairs must be equal."""


def are_beyond_meeting(columns: list[Array]) -> bool | None:
    """Tell whether rows with the hashes `(N,)` of `columns` are equal far oftener than they meet.

    Among pairs that agree in all but two columns, let a differ in both, b and c in one of them
    only. Rows that meet by chance then agree in both about b * c / a times (Sekar and Deming 1949,
    of two lists); copies agree in all, and hardly any in all but one. None where one column fixes
    all others.
    """
    rows = len(columns[0])
    columns = sorted(columns, key=lambda column: -len(np.unique(column)))
    equal = _pairs(columns, rows)
    columns = _needed(columns, equal)
    if len(columns) < 2:
        return None
    count = min(len(columns), VARIED)
    without = [_pairs(columns[:at] + columns[at + 1 :], rows) for at in range(count)]
    most = 0.0
    for one, other in combinations(range(count), 2):
        left = [c for at, c in enumerate(columns) if at not in (one, other)]
        only = without[one] - equal, without[other] - equal
        in_both = _pairs(left, rows) - sum(only) - equal
        most = max(most, only[0] * only[1] / (in_both + 1))
    return bool(equal > max(TIMES * most, most + ERRORS * np.sqrt(most + 1)))


def _pairs(columns: list[Array], rows: int) -> int:
    """Return how many pairs of `rows` are equal in these columns; of none, all."""
    if not columns:
        return rows * (rows - 1) // 2
    return pairs_within(np.unique(combine(columns), return_counts=True)[1])


def _needed(columns: list[Array], equal: int) -> list[Array]:
    """Return the columns without those that the others fix, the least varied first."""
    for column in columns[::-1]:
        others = [c for c in columns if c is not column]
        if others and _pairs(others, len(column)) == equal:
            columns = others
    return columns
