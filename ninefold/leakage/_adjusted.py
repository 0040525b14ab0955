"""Numbers that another column was taken out of, by a regression over all rows."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scales import CHANCE, EXACT, Column, is_honest
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_arrangements

MOST = 1000
"""Columns looked at."""


def adjusted(case: Case, columns: list[Column]) -> tuple[list[str], list[str]]:
    """Find measures that have no correlation at all with other columns, and those others.

    What a straight line on age leaves is free of age to the last digit on the rows that the line
    was fitted to, and on no others. Each value must be of its own, as no design's are.
    """
    whole = [c for c in columns if c.present.all()][:MOST]
    fine = [c for c in whole if c.distinct > len(case) / 2]
    if not fine or len(whole) < 2:
        return [], []
    near = np.array([max(EXACT, 5 * c.step / (c.x.std() * np.sqrt(len(case)))) for c in fine])
    free = _ties(fine, whole, np.ones(len(case), dtype=bool)) <= near[:, None]
    chance = np.log10(np.minimum(1, near * np.sqrt(len(case)))) @ free
    ways = [log10_arrangements(np.bincount(row, minlength=2)) for row in free.T]
    sure = chance + ways + np.log10(len(whole)) <= CHANCE
    for mask in (case.train, ~case.test):
        inside = _ties(fine, whole, mask) <= near[:, None]
        sure &= [not is_honest(case, bool(inside[f, i].all())) for i, f in enumerate(free.T)]
    names = [c.name for c, row in zip(fine, free[:, sure], strict=True) if row.any()]
    return names, [c.name for c, is_sure in zip(whole, sure, strict=True) if is_sure]


def _ties(fine: list[Column], whole: list[Column], mask: Array) -> Array:
    """Return the absolute correlations `(F, C)` of two lists of columns, 1 of one with itself."""
    x, z = (
        np.array([(c.x[mask] - c.x[mask].mean()) / max(c.x[mask].std(), 1e-300) for c in some])
        for some in (fine, whole)
    )
    return np.asarray(np.abs(x @ z.T) / int(mask.sum()))
