"""preprocessing.bins: numbers cut into bins that hold equally many of all rows."""

from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._listed import listed
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import SURE

MIN_BINS, MOST_BINS, MIN_ROWS = 3, 100, 10
"""Bins of a column that is looked at, and rows that each must hold."""
TIES, MOST_COLUMNS = 0.02, 100
"""Share of a bin that values as large as its edge may bring it or take; columns looked at."""
CROSSED = -3.0
"""log10 of the chance that pairs of values are so equally frequent, from which that is design."""


class QuantileBinsCheck(Check):
    """Columns whose values are equally frequent, but for ties, among all rows, not among train's.

    Quantiles of all rows leave that. So do designs, where every treatment is given equally often,
    and calendars: there the columns are crossed, pairs of values oftener equally often than chance
    has it, or nested.
    Two columns at least must be neither.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = ("preprocessing.bins",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        names = [name for name in case.inputs[:MOST_COLUMNS] if _is_even(case, name)]
        measured = {
            name
            for pair in combinations(names, 2)
            if not _is_designed(*(case.codes[name] for name in pair))
            for name in pair
        }
        found = [name for name in names if name in measured]
        chance = sum(_log10_even(np.bincount(case.codes[name])) for name in found)
        if found and chance <= SURE:
            yield _finding(case, found, chance)


def _is_even(case: Case, name: str) -> bool:
    """Tell whether bins are of one size by all rows, and not by those that are to be learned."""
    codes = case.codes[name]
    size = np.bincount(codes)
    if not MIN_BINS <= len(size) <= MOST_BINS or size.min() < MIN_ROWS or _is_uneven(size):
        return False
    if case.problem.time == name:
        return False
    parts = (np.bincount(codes[rows], minlength=len(size)) for rows in (case.train, ~case.test))
    return case.split_kind != "given" or all(map(_is_uneven, parts))


def _is_uneven(size: Array) -> bool:
    return bool(np.ptp(size) > max(1, TIES * size.mean()))


def _log10_even(size: Array) -> float:
    """Return log10 of the chance that rows fall so evenly into equally likely bins of `size`."""
    from scipy.stats import chi2

    each = size.mean()
    off = (np.maximum(np.abs(size - each), 0.5) ** 2).sum() / each
    return float(chi2.logcdf(off, len(size) - 1) / np.log(10))


def _is_designed(a: Array, b: Array) -> bool:
    """Tell whether two columns are crossed evenly, or one is nested in the other."""
    both = np.bincount(a * (int(b.max()) + 1) + b, minlength=(int(a.max()) + 1) * (b.max() + 1))
    table = both.reshape(int(a.max()) + 1, -1)
    nested = min((table > 0).sum(axis=0).max(), (table > 0).sum(axis=1).max()) == 1
    met = table[table > 0]
    return bool(nested or np.ptp(met) <= 1 or _log10_even(table.ravel()) <= CROSSED)


def _finding(case: Case, names: list[str], chance: float) -> Finding:
    told = "train and test together, not of train alone" if case.split_kind == "given" else "all"
    return Finding(
        kind="preprocessing.bins",
        severity="warn",
        columns=tuple(names),
        evidence={
            "columns": len(names),
            "rows": len(case),
            "log10_probability_by_chance": round(chance, 1),
        },
        message=(
            f"the values of {listed(names)} are equally frequent, but for ties, among the rows of "
            f"{told}: they are bins cut at quantiles that were fitted with the test rows in view"
        ),
        remedy="give the columns as measured; Ninefold fits the preparation on the train rows",
    )
