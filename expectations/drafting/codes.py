"""Numbers that are no numbers: 999999, -1 or a lonely 0 where a value is missing."""

from collections.abc import Iterator

import numpy as np

from expectations.sample import Rule, Sample, rule
from ninefold.clues import CODES, NEGATIVE
from ninefold.columns import Array

ORDER = 45
TYPE = "expect_column_values_to_not_be_in_set"
MIN_ROWS, MIN_LEVELS = 100, 10
AGAIN, MOST = 3, 0.3
"""A code comes several times, but is not most of the column."""
APART, STEPS = 0.25, 3
"""It lies this share of the others' range away from them, and so many of their widest steps."""
FAR = 2
"""A value that does not read like a code lies so many ranges of the others away from them."""
SHARE = 0.001
"""Codes below 0 need no distance where they are the only such numbers, and so many of all."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect no lonely value at an end of the others; training itself, which has it, fails."""
    for column in sample.of_kind("number"):
        if column.name in sample.masked or column.roles & {"id"}:
            continue
        values = sample.present(column.name)
        for code, count, nearest in _codes(values[np.isfinite(values)]):
            shown = int(code) if code.is_integer() else code
            said = "" if code == 0 else " Then name it in ingest.missing"
            because = (
                f"{count} of {len(values)} values of training are {shown:.15g}, far from all "
                f"others (the nearest is {nearest:.6g}): a code for a missing value?{said}"
            )
            yield rule(TYPE, "warn", because, column=column.name, value_set=[shown])


def _codes(values: Array) -> Iterator[tuple[float, int, float]]:
    """Yield each value that looks like a code, how often it comes, and the value nearest to it."""
    levels, counts = np.unique(values, return_counts=True)
    if len(values) < MIN_ROWS or len(levels) <= MIN_LEVELS:
        return
    for at, rest in ((0, slice(1, None)), (-1, slice(None, -1))):
        code, count, others = float(levels[at]), int(counts[at]), levels[rest]
        if not AGAIN <= count <= MOST * len(values):
            continue
        nearest = float(others[at])
        gap, widest = abs(nearest - code), float(np.diff(others).max())
        low, high = np.quantile(values[values != code], [0.01, 0.99]).tolist()
        reads_so = code in (NEGATIVE if at == 0 else CODES)
        is_apart = gap >= (APART if reads_so else FAR) * (high - low) and gap >= STEPS * widest
        is_alone = at == 0 and reads_so and code < 0 <= nearest and count >= SHARE * len(values)
        if is_apart or is_alone:
            yield code, count, nearest
