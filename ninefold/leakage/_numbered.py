"""Columns of one name and many numbers: a signal, a spectrum, an array laid out flat."""

import re

from ninefold.leakage.case import Case

NUMBERED = re.compile(r"(.*?[^\d])(\d+)")


def numbered(case: Case, least: int) -> dict[str, list[str]]:
    """Return the numeric columns whose names differ in their last number only, by what is left;
    without those that are fewer than `least`.
    """
    found: dict[str, list[str]] = {}
    for name in case.inputs:
        match = NUMBERED.fullmatch(name)
        if match and case.frame.column(name).kind == "number":
            found.setdefault(match[1], []).append(name)
    return {stem: names for stem, names in found.items() if len(names) >= least}
