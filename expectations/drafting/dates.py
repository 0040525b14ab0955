"""Dates: the years they lie in, and their order in the file."""

from collections.abc import Iterator

import numpy as np

from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column

ORDER = 50
MIN_ROWS = 20
YEAR = np.timedelta64(366, "D")
EARLIEST, LATEST = np.datetime64("1678-01-01"), np.datetime64("2262-01-01")
"""What nanoseconds since 1970, and with them pandas, can hold."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect dates of about the years seen; and ascending where the file is sorted by time.

    Rows to come may last as long again as those seen: the valid and test part of a long series do.
    """
    for column in sample.of_kind("datetime"):
        values = sample.present(column.name)
        if len(values) and column.name not in sample.masked:
            yield from _range(column, values)
    time = next((c for c in sample.columns if c.name == sample.problem.time), None)
    if time is not None and time.kind in ("number", "datetime"):
        values = sample.present(time.name)
        yield from _order(time, values, sample)


def _range(column: Column, micros: Array) -> Iterator[Rule]:
    days = micros.astype("M8[us]").astype("M8[D]")
    low, high = days.min(), days.max()
    latest = high + max(3 * YEAR, high - low)
    if low - YEAR > EARLIEST and latest < LATEST:
        because = f"ranged from {low} to {high} in training"
        yield rule("expect_column_values_to_be_between", "warn", because, column=column.name,
                   min_value=str(low - YEAR), max_value=str(latest))  # fmt: skip


def _order(column: Column, values: Array, sample: Sample) -> Iterator[Rule]:
    if len(values) < MIN_ROWS or values[0] == values[-1]:
        return
    steps = np.sign(np.diff(values / 2 if column.kind == "number" else values))
    for direction, sign in (("ascending", 1), ("descending", -1)):
        if (steps * sign >= 0).all():
            yield rule("expect_column_values_to_be_monotone", "warn",
                       f"the {len(values)} rows stood in this order", column=column.name,
                       direction=direction)  # fmt: skip
