"""Labels that a row's neighbours deny as one, where that cannot be the end of a tail."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.chance import log10_excess

APART = 0.9
"""Vote of its own class that half of each class's rows get at least where classes lie apart."""
DENIED, DOUBTED = 0.1, 0.4
"""Vote of its own class up to which a row's label is denied, and up to which it is in doubt."""
LEAST, LEAST_IN_PART, UNLIKELY = 8, 5, -4.0
"""Denied rows, in all and in one part of the table, and log10 of the chance that they are so many.
"""
DENSER = 0.5
"""Denied rows over those in doubt, at most, where votes thin out towards none: three of nine."""
OFTENER = 4.0
"""How many times the share of denied rows in one part must be that in the others."""


def isolated(own: Array, denied: Array, label: Array) -> bool:
    """Tell whether rows are `denied` `(N,)` in numbers, although hardly any is in doubt.

    Where classes touch, honest rows have votes for their `own` class `(N,)` of all sizes, and
    fewer the lower the vote; a flipped label lies in the midst of another class.
    """
    from scipy.stats import poisson

    if denied.sum() < LEAST or any(np.median(own[label == k]) < APART for k in np.unique(label)):
        return False
    doubted = int(((own > DENIED) & (own <= DOUBTED)).sum())
    expected = DENSER * (doubted + 2 * np.sqrt(doubted) + 1)
    return bool(poisson.logsf(int(denied.sum()) - 1, expected) / np.log(10) <= UNLIKELY)


def in_one_part(denied: Array, inside: Array) -> bool:
    """Tell whether labels are `denied` `(N,)` far oftener `inside` `(N,)` one part than outside.

    Parts drawn by chance have the same share of hard cases.
    """
    hits, others = int((denied & inside).sum()), int((denied & ~inside).sum())
    of, of_others = int(inside.sum()), int((~inside).sum())
    if hits < LEAST_IN_PART or hits / of < OFTENER * max(others, 1) / max(of_others, 1):
        return False
    return log10_excess(hits, of, others, of_others) <= UNLIKELY
