"""Columns that repeat a part of a date: its year, month, day, hour or weekday."""

from collections.abc import Iterator

import numpy as np

from expectations.expressions import quoted
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 82
MIN_ROWS, MIN_LEVELS = 50, 2
MAX_DATES, MAX_NUMBERS = 8, 60


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect a number to be the part of a date that it was in every train row."""
    numbers = [c.name for c in sample.of_kind("number") if not c.roles & {"id"}][:MAX_NUMBERS]
    for date in [c.name for c in sample.of_kind("datetime")][:MAX_DATES]:
        parts = _parts(np.where(sample.missing[date], 0, sample.values[date]))
        for name in numbers:
            known = ~(sample.missing[date] | sample.missing[name])
            values = sample.values[name][known]
            if len(values) < MIN_ROWS or len(np.unique(values)) < MIN_LEVELS:
                continue
            for part, found in parts.items():
                if (values == found[known]).all():
                    a, b = quoted(date), quoted(name)
                    expression = f"missing({a}) or missing({b}) or {b} == {part}({a})"
                    because = f"so in all {len(values)} rows with both"
                    yield rule("expect_rows_to_satisfy", "warn", because, expression=expression)


def _parts(micros: Array) -> dict[str, Array]:
    """Return the parts of moments `(N,)` in microseconds since 1970."""
    moments = micros.astype("M8[us]")
    days, months, years = (moments.astype(f"M8[{unit}]") for unit in "DMY")
    return {
        "year": years.astype(np.int64) + 1970,
        "month": (months - years.astype("M8[M]")).astype(np.int64) + 1,
        "day": (days - months.astype("M8[D]")).astype(np.int64) + 1,
        "hour": (moments.astype("M8[h]") - days.astype("M8[h]")).astype(np.int64),
        "weekday": (days.astype(np.int64) + 3) % 7,
    }
