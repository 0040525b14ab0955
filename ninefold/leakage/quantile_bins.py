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
MOST_COLUMNS = 100


class QuantileBinsCheck(Check):
    """Columns whose values are equally frequent, to one row, among all rows and not among train's.

    Quantiles of all rows leave that. So do designs, where every treatment is given equally often,
    and calendars: there the columns are crossed, every pair of values equally often, or nested.
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
        chance = sum(_log10_even(len(case), len(np.unique(case.codes[n]))) for n in found)
        if found and chance <= SURE:
            yield _finding(case, found, chance)


def _is_even(case: Case, name: str) -> bool:
    """Tell whether bins are of one size by all rows, and not by those that are to be learned."""
    codes = case.codes[name]
    size = np.bincount(codes)
    if not MIN_BINS <= len(size) <= MOST_BINS or size.min() < MIN_ROWS or np.ptp(size) > 1:
        return False
    if case.problem.time == name:
        return False
    parts = (np.bincount(codes[rows], minlength=len(size)) for rows in (case.train, ~case.test))
    return case.split_kind != "given" or all(np.ptp(part) > 1 for part in parts)


def _log10_even(rows: int, bins: int) -> float:
    """Return log10 of the chance that `rows` fall equally often into equally likely `bins`."""
    from scipy.special import gammaln

    each = rows / bins
    ways = gammaln(rows + 1) - bins * gammaln(each + 1) - rows * np.log(bins)
    # Where bins may differ by one row, any choice of the larger ones will do.
    larger = rows % bins
    choices = gammaln(bins + 1) - gammaln(larger + 1) - gammaln(bins - larger + 1)
    return float((ways + choices) / np.log(10))


def _is_designed(a: Array, b: Array) -> bool:
    """Tell whether two columns are crossed evenly, or one is nested in the other."""
    both = np.bincount(a * (int(b.max()) + 1) + b, minlength=(int(a.max()) + 1) * (b.max() + 1))
    table = both.reshape(int(a.max()) + 1, -1)
    nested = min((table > 0).sum(axis=0).max(), (table > 0).sum(axis=1).max()) == 1
    return bool(nested or np.ptp(table) <= 1 or np.ptp(table[table > 0]) <= 1)


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
            f"the values of {listed(names)} are equally frequent, to one row, among the rows of "
            f"{told}: they are bins cut at quantiles that were fitted with the test rows in view"
        ),
        remedy="give the columns as measured; Ninefold fits the preparation on the train rows",
    )
