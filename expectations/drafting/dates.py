"""Dates: the years they lie in, and their order in the file."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import far_ends
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
        yield from _order(time, sample)


def _range(column: Column, micros: Array) -> Iterator[Rule]:
    """Expect the years of most dates; training, of which a few lie far from all others, fails."""
    days = micros.astype("M8[us]").astype("M8[D]")
    far = far_ends(micros, 1, has_zero=False)
    earliest, latest = _bounds(days[~far])
    odd = days[(days < earliest) | (days > latest)]
    usual = days[~far] if len(odd) else days
    earliest, latest = _bounds(usual)
    if earliest > EARLIEST and latest < LATEST:
        because = f"ranged from {usual.min()} to {usual.max()} in training"
        if len(odd):
            because += f", all but {len(odd)} of {len(micros)} such as {odd.min()}: mistakes?"
        yield rule("expect_column_values_to_be_between", "warn", because, column=column.name,
                   min_value=str(earliest), max_value=str(latest))  # fmt: skip


def _bounds(days: Array) -> tuple[np.datetime64, np.datetime64]:
    low, high = days.min(), days.max()
    return low - YEAR, high + max(3 * YEAR, high - low)


def _order(time: Column, sample: Sample) -> Iterator[Rule]:
    """Expect the order of the file; and where that is by time, counters that never fall back."""
    direction = _direction(time, sample.present(time.name))
    if direction is None:
        return
    yield _monotone(
        time, direction, f"the {len(sample.present(time.name))} rows stood in this order"
    )
    for column in sample.of_kind("number", "datetime"):
        values = sample.present(column.name)
        is_other = column.name != time.name and len(np.unique(values)) >= MIN_ROWS
        if is_other and _direction(column, values) == direction:
            turned = "fell" if direction == "ascending" else "rose"
            because = f"never {turned} in {len(values)} rows in the order of {time.name}"
            yield _monotone(column, direction, because)


def _monotone(column: Column, direction: str, because: str) -> Rule:
    return rule("expect_column_values_to_be_monotone", "warn", because,
                column=column.name, direction=direction)  # fmt: skip


def _direction(column: Column, values: Array) -> str | None:
    if len(values) < MIN_ROWS or values[0] == values[-1]:
        return None
    steps = np.sign(np.diff(values / 2 if column.kind == "number" else values))
    directions = (("ascending", 1), ("descending", -1))
    return next((name for name, sign in directions if (steps * sign >= 0).all()), None)
