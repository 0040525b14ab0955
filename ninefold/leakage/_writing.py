"""How finely numbers are written, row by row: copies with noise or rounding are written anew."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case

MOST_DIGITS = 9


def oddness(case: Case) -> Array:
    """Return -log10 of the chance `(N,)` to meet as fine, or as coarse, numbers as a row has.

    Column by column: the share of rows with at least as many decimals, or at most as many.
    """
    fine, coarse = np.zeros(len(case)), np.zeros(len(case))
    for name in case.inputs:
        if case.frame.column(name).kind != "number":
            continue
        digits = decimals(case.frame[name])
        known = digits >= 0
        if len(np.unique(digits[known])) < 2:
            continue
        counts = np.bincount(digits[known], minlength=MOST_DIGITS + 1) / known.sum()
        at_most = np.cumsum(counts)
        fine[known] -= np.log10((1 - at_most + counts)[digits[known]])
        coarse[known] -= np.log10(at_most[digits[known]])
    return np.maximum(fine, coarse)


def decimals(values: Array) -> Array:
    """Return how many decimals each number `(N,)` has, up to nine; -1 where it is missing."""
    known = np.isfinite(values)
    x = np.where(known, values, 0.0)
    digits = np.full(len(x), MOST_DIGITS)
    for count in range(MOST_DIGITS - 1, -1, -1):
        scaled = x * 10.0**count
        fits = np.abs(scaled - np.rint(scaled)) <= 1e-6 + 1e-12 * np.abs(scaled)
        digits[fits & (digits == count + 1)] = count
    return np.where(known, digits, -1)
