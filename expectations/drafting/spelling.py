"""Levels written in more than one way."""

from collections.abc import Iterator

import numpy as np

from expectations.drafting.levels import MAX_LEVELS as LISTED
from expectations.sample import Rule, Sample, rule
from ninefold.spelling import variants

ORDER = 65
TYPE = "expect_column_values_to_be_spelled_alike"
MAX_LEVELS = 1000
SHOWN = 3
OFTEN = 3
"""Levels come this often on average; names of single things may differ in case for a reason."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect each level in one way of writing. A column that has several ways fails on purpose."""
    for column in sample.of_kind("category"):
        levels, counts = np.unique(sample.present(column.name).astype(str), return_counts=True)
        if not 1 < len(levels) <= MAX_LEVELS or counts.sum() < OFTEN * len(levels):
            continue
        found = dict(zip(levels.tolist(), counts.tolist(), strict=True))
        others = variants(found)
        if not others and len(levels) <= LISTED:
            continue  # `levels` lists every one of them
        because = f"each of {len(levels)} levels was written in one way in training"
        if others:
            rows = sum(found[level] for level in others)
            because = f"{rows} of {counts.sum()} rows of training have a level in another writing"
            if column.name not in sample.masked:
                because += f": {_listed(others)}"
        yield rule(TYPE, "warn", because, column=column.name)


def _listed(others: dict[str, str]) -> str:
    said = [f"{level!r} for {usual!r}" for level, usual in list(others.items())[:SHOWN]]
    return ", ".join(said) + ", …" * (len(others) > SHOWN)
