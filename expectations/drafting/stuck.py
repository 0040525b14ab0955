"""Columns whose values change from row to row, and so must not stand still."""

import math
from collections.abc import Iterator

import numpy as np

from expectations.margins import CONFIDENCE
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column
from ninefold.exploration.runs import run_lengths

ORDER = 35
LEAST = 20
"""Fewer rows than this may be alike in any column."""
USUAL = 5
"""Where other values hardly repeat, longer runs than this are rare, and a long one stands out."""
APART = 10
"""So many times the longest run of any other value, and a run is no chance of the same source."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect values to change within more rows than ever were alike on end.

    A number may not stand still in any stretch; other kinds not throughout, since a file may be
    sorted by them. One that is sorted, or holds one day of it, so keeps its long runs.
    """
    for column in sample.columns:
        values = sample.present(column.name)
        yield from (_number if column.kind == "number" else _other)(column, values, sample)


def _other(column: Column, values: Array, sample: Sample) -> Iterator[Rule]:
    longest = int(max(run_lengths(values), default=0))
    within = max(LEAST, 2 * longest)
    if within <= len(values):
        because = f"in training at most {longest} of {len(values)} rows on end were alike"
        yield rule("expect_column_values_to_vary", "warn", because,
                   column=column.name, within=within)  # fmt: skip


def _number(column: Column, values: Array, sample: Sample) -> Iterator[Rule]:
    if len(values) <= LEAST:
        return
    lengths = run_lengths(values)
    held = values[np.cumsum(lengths) - 1]
    stuck, longest = _stuck(lengths, held)
    kept = values if stuck is None else values[values != held[stuck]]
    within = max(LEAST, 3 * longest, _by_chance(kept))
    if within > len(values):
        return
    because = f"in training at most {longest} of {len(values)} rows on end were alike"
    if stuck is not None:
        shown = "one value" if column.name in sample.masked else f"{held[stuck]:.6g}"
        because += f", but for {lengths[stuck]} of {shown}"
    yield rule("expect_column_values_to_change", "warn", because,
               column=column.name, within=within)  # fmt: skip


def _stuck(lengths: Array, held: Array) -> tuple[int | None, int]:
    """Return the run that no chance explains, if there is one, and the longest of the others.

    Train rows may hold the fault too. It is a single run of a value that hardly comes elsewhere,
    in a column whose other values hardly repeat.
    """
    first = int(lengths.argmax())
    alike = held == held[first]
    elsewhere = int(lengths[alike].sum() - lengths[first])
    others = int(max(lengths[~alike], default=0))
    is_apart = lengths[first] > max(LEAST, APART * others) and 0 < others <= USUAL
    is_usual = 2 * lengths[first] > lengths.sum()  # the file is sorted by it
    if is_apart and not is_usual and elsewhere <= lengths[first] // APART:
        return first, others
    return None, int(lengths[first])


def _by_chance(values: Array) -> int:
    """Return the run that values in random order surpass in one case of a thousand.

    The longest run of a value of share p has length log n(1 - p) to base 1/p, give or take
    (Gordon, Schilling and Waterman 1986).
    """
    share = float(np.unique(values, return_counts=True)[1].max()) / len(values)
    if share == 1:
        return len(values)
    expected = len(values) * (1 - share) / (1 - CONFIDENCE)
    return math.ceil(math.log(max(expected, 1)) / -math.log(share))
