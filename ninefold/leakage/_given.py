"""Columns that say no more than another one, known before, says as well."""

from collections.abc import Iterable

import numpy as np

from ninefold.leakage.case import Case

FEW = 31
"""Values of a column, days of a month at most, that may give those of another."""
BUT_FOR = 0.2
"""Share of a column's rarer rows that another one may leave open."""


def is_given(case: Case, name: str, others: Iterable[str]) -> bool:
    """Tell whether one of `others` gives a column's values: shops are shut on Sundays."""
    return any(other != name and _gives(case, other, name) for other in others)


def _gives(case: Case, other: str, name: str) -> bool:
    a, b = case.codes[other], case.codes[name]
    if a.max() >= FEW or b.max() >= FEW:
        return False
    cells = np.zeros((int(a.max()) + 1, int(b.max()) + 1), dtype=np.int64)
    np.add.at(cells, (a, b), 1)
    rarer = len(b) - int(cells.sum(axis=0).max())
    return bool(len(b) - cells.max(axis=1).sum() <= BUT_FOR * rarer)
