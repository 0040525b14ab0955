"""Columns whose values change from row to row, and so must not stand still."""

from collections.abc import Iterator

import numpy as np

from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 35
LEAST = 20
"""Fewer rows than this may be alike in any column."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect a second value among twice as many rows as ever were alike in a row.

    A file that is sorted by a column, or holds one day of it, so keeps its long runs.
    """
    for column in sample.columns:
        values = sample.present(column.name)
        longest = _longest_run(values)
        within = max(LEAST, 2 * longest)
        if within <= len(values):
            because = f"in training at most {longest} of {len(values)} rows on end were alike"
            yield rule("expect_column_values_to_vary", "warn", because,
                       column=column.name, within=within)  # fmt: skip


def _longest_run(values: Array) -> int:
    """Return how many values `(N,)` on end are equal at most."""
    if not len(values):
        return 0
    starts = np.flatnonzero(np.concatenate(([True], values[1:] != values[:-1], [True])))
    return int(np.diff(starts).max())
