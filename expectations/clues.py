"""What the values that break a rule may be: a slip of the pen, a code for a gap, a wrong sign."""

import re
from typing import Any

import numpy as np

from expectations.suite import Rule
from ninefold.clues import LOOKED_AT, has_points, of_levels, of_outliers
from ninefold.spelling import folded

LONGEST_CODE = 20


def clue(rule: Rule, table: Any) -> str:
    """Word what the values of a DataFrame that break a rule may be, or nothing.

    Of rules on numbers, the levels of a category and the pattern of a text.
    """
    about = {
        "expect_column_values_to_be_between": _of_range,
        "expect_column_values_to_be_in_set": _of_set,
        "expect_column_values_to_be_spelled_alike": _of_spelling,
        "expect_column_values_to_be_whole": _of_whole,
        "expect_column_values_to_match_regex": _of_pattern,
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


def _of_whole(_: Any, values: Any) -> str:
    if values.dtype.kind != "f":
        return ""
    numbers = values.to_numpy(dtype=np.float64)
    broken = numbers[np.isfinite(numbers) & (numbers != np.round(numbers))]
    return "a point for thousands, such as 1.234 for 1234?" if has_points(broken) else ""


def _of_set(kwargs: Any, values: Any) -> str:
    known = dict.fromkeys(str(value) for value in kwargs.get("value_set") or ())
    if values.dtype.kind in "iufM":
        return ""
    counts = values.astype(str).value_counts()
    unseen = [level for level in counts.index if level not in known]
    return of_levels(sorted(unseen[:LOOKED_AT]), known)


def _of_pattern(kwargs: Any, values: Any) -> str:
    if values.dtype.kind in "iufM":
        return ""
    pattern = re.compile(str(kwargs["regex"]))
    levels = values.astype(str).unique()
    broken = [level for level in levels if not pattern.match(level)][:LOOKED_AT]
    if broken and all(pattern.match(level.strip()) for level in broken):
        return "without the blanks around them they match"
    if broken and all(map(str.isdigit, broken)):
        for width in range(2, LONGEST_CODE):
            if all(len(x) < width and pattern.match(x.zfill(width)) for x in broken):
                return f"with leading zeros, {width} digits long, they match: lost zeros?"
    return ""


def _of_spelling(_: Any, values: Any) -> str:
    counts = values.astype(str).value_counts()
    groups: dict[str, list[str]] = {}
    for level in counts.index:
        groups.setdefault(folded(level), []).append(level)
    others = [level for group in groups.values() for level in group[1:]]
    return of_levels(others, [group[0] for group in groups.values()])
