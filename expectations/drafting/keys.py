"""Columns that together name their row: a station and an hour, an order and a line of it."""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from expectations.sample import Rule, Sample, rule
from ninefold.columns import Column
from ninefold.exploration.view import sample as some

ORDER = 86
TYPE = "expect_compound_columns_to_be_unique"
MIN_ROWS, MAX_COLUMNS, LOOK = 100, 30, 5_000
"""Pairs are looked for among so many columns, and first of all in so many rows."""
SURE = 20.0
"""Pairs of rows that would meet by chance: that none does has a probability of e^-20."""
MOST_BROKEN = 0.01
"""So few rows that repeat entity and time, where chance brought about `SURE` times as many, are
mistakes, and named."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect no two rows with the same entity and time, or the same values of another pair, where
    none are alike and chance would have brought some about.
    """
    if len(sample) < MIN_ROWS:
        return
    declared = [n for n in (*sample.problem.group, sample.problem.time) if n in sample.values]
    key = tuple(declared)
    repeated, expected = _meetings(sample, key) if len(key) > 1 else (0, 0.0)
    if expected < SURE * max(1, repeated) or repeated > MOST_BROKEN * len(sample):
        names = [column.name for column in sample.columns if _may_name(column, sample)]
        key = next(_pairs(sample, names[:MAX_COLUMNS]), ())
        repeated, expected = _meetings(sample, key) if key else (0, 0.0)
    if key and expected:
        said = f"of {len(sample)} rows {repeated or 'none'} repeated another in them"
        because = f"a key: {said}, though by chance about {expected:.0f} pairs would meet"
        yield rule(TYPE, "warn", because, column_list=list(key))


def _may_name(column: Column, sample: Sample) -> bool:
    """Tell whether a column can be a part of a key: no measure, no target, nothing known later."""
    if sample.is_target(column.name) or column.roles & {"after"}:
        return False
    values = sample.present(column.name)
    if len(values) < len(sample) or column.kind not in ("category", "datetime", "number"):
        return False
    return column.kind != "number" or bool((values == np.round(values)).all())


def _pairs(sample: Sample, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield pairs of columns, none of which names rows alone, that do so together."""
    rows = some(len(sample), LOOK)
    codes = [np.unique(sample.values[name][rows], return_inverse=True)[1] for name in names]
    levels = [int(code.max()) + 1 for code in codes]
    for i, j in combinations(range(len(names)), 2):
        is_one_enough = max(levels[i], levels[j]) == len(codes[i])
        if is_one_enough or min(levels[i], levels[j]) == 1:
            continue
        together = codes[i] * levels[j] + codes[j]
        if len(np.unique(together)) == len(together):
            repeated, expected = _meetings(sample, pair := (names[i], names[j]))
            if not repeated and expected >= SURE:
                yield pair


def _meetings(sample: Sample, key: Sequence[str]) -> tuple[int, float]:
    """Return how many rows repeat another in all columns of a key, and how many pairs of rows would
    meet were the columns independent (none where one of them names rows alone).
    """
    rows = len(sample)
    codes = [np.unique(sample.values[name], return_inverse=True)[1] for name in key]
    counts = [np.bincount(code).astype(np.float64) for code in codes]
    shares = [float((count * (count - 1)).sum()) / (rows * (rows - 1)) for count in counts]
    repeated = rows - len(np.unique(np.column_stack(codes), axis=0))
    return repeated, rows * (rows - 1) / 2 * float(np.prod(shares))
