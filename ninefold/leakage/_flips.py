"""Whether a column holds the target's own two values, wrong equally often in both classes."""

from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array

if TYPE_CHECKING:
    from ninefold.leakage.power import Power

EVEN_Z = 2.0
"""Standard errors by which the shares of wrong values in the two classes may differ."""
MOST = 0.25
"""Largest share of wrong values."""


def is_flipped_copy(power: "Power", column: str) -> bool:
    """Tell whether a column is what a copy of a class becomes when some labels are turned round.

    Then it is written as the target is, and errs alike in both classes; a test, a flag or a habit
    has one share of false alarms and another of misses.
    """
    case = power.case
    if power.classes != 2 or column not in case.frame.data:
        return False
    own, target = _written(case.frame[column]), _written(case.frame[case.problem.target])
    levels = np.unique(target)
    if len(levels) != 2 or not np.array_equal(np.unique(own), levels):
        return False
    size = np.array([(target == level).sum() for level in levels])
    wrong = np.array([(own[target == level] != level).mean() for level in levels])
    overall = float((own != target).mean())
    error = np.sqrt(overall * (1 - overall) * (1 / size).sum())
    return bool(0 < overall <= MOST and abs(wrong[0] - wrong[1]) <= EVEN_Z * error)


def _written(values: Array) -> Array:
    """Return values `(N,)` as they are written, whole numbers without a point."""
    return np.array([str(value).removesuffix(".0") for value in values])
