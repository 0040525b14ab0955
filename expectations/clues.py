"""What the values that break a rule may be: a slip of the pen, a code for a gap, a wrong sign."""

from typing import Any

import numpy as np

from expectations.suite import Rule
from ninefold.clues import of_levels, of_outliers
from ninefold.spelling import folded

MAX_LEVELS = 200
"""So many levels that break a rule are looked at, the most frequent first."""


def clue(rule: Rule, table: Any) -> str:
    """Word what the values of a DataFrame that break a rule may be, or nothing.

    Of rules on the range of a number and on the levels of a category.
    """
    about = {
        "expect_column_values_to_be_between": _of_range,
        "expect_column_values_to_be_in_set": _of_set,
        "expect_column_values_to_be_spelled_alike": _of_spelling,
    }
    word = about.get(rule.type)
    if word is None or not rule.columns or rule.columns[0] not in table:
        return ""
    return word(rule.kwargs, table[rule.columns[0]].dropna())


def _of_range(kwargs: Any, values: Any) -> str:
    limits = [kwargs.get("min_value"), kwargs.get("max_value")]
    if values.dtype.kind not in "iuf" or not all(isinstance(x, (int, float)) for x in limits):
        return ""
    numbers = values.to_numpy(dtype=np.float64)
    return of_outliers(numbers[np.isfinite(numbers)], *limits)


def _of_set(kwargs: Any, values: Any) -> str:
    known = [str(value) for value in kwargs.get("value_set") or ()]
    if values.dtype.kind in "iufM":
        return ""
    counts = values.astype(str).value_counts()
    unseen = [level for level in counts.index if level not in {*known}]
    return of_levels(sorted(unseen[:MAX_LEVELS]), known)


def _of_spelling(_: Any, values: Any) -> str:
    counts = values.astype(str).value_counts()
    groups: dict[str, list[str]] = {}
    for level in counts.index:
        groups.setdefault(folded(level), []).append(level)
    others = [level for group in groups.values() for level in group[1:]]
    return of_levels(others[:MAX_LEVELS], [group[0] for group in groups.values()])
