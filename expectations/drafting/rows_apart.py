"""Rows that nearly repeat others, and rows far from all others."""

import math
from collections.abc import Iterator

import numpy as np

from expectations.margins import highest_rate
from expectations.sample import Rule, Sample, rule
from ninefold.exploration.outliers import isolation
from ninefold.exploration.twins import near_twins
from ninefold.exploration.view import sample as some

ORDER = 3
MIN_ROWS = 200
MIN_NUMBERS = 3
MAX_ROWS = 20_000
MAX_COLUMNS = 100
USUAL = 0.5
"""Where half of the rows nearly repeat another, features take few values; that is no fault."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect about as few near-duplicates, and no row further apart, than the train part had."""
    if len(sample) < MIN_ROWS or not 3 <= len(sample.columns) <= MAX_COLUMNS:
        return
    ids = [c.name for c in sample.columns if c.roles & {"id"}]
    ignored = {"ignore": ids} if ids else {}
    kept = [c for c in sample.columns if c.name not in ids]
    count = int(near_twins([sample.values[c.name] for c in kept]).sum())
    if count < USUAL * len(sample):
        most = math.ceil(2000 * highest_rate(count, len(sample))) / 1000
        because = f"{count or 'none'} of {len(sample)} rows repeated another but for one cell"
        yield rule("expect_table_near_duplicate_share_to_be_at_most", "warn", because,
                   max_value=min(most, 1.0), **ignored)  # fmt: skip
    yield from _isolated(sample, ignored)


def _isolated(sample: Sample, ignored: dict[str, list[str]]) -> Iterator[Rule]:
    names = [c.name for c in sample.of_kind("number") if not c.roles & {"id"}]
    varying = [n for n in names if len(np.unique(sample.present(n))) > 1]
    if len(varying) < MIN_NUMBERS:
        return
    X = np.column_stack([sample.values[n] for n in varying])[some(len(sample), MAX_ROWS)]
    highest = float(isolation(np.where(np.isfinite(X), X, np.nan)).max())
    threshold = min(0.99, math.ceil(100 * max(highest + 0.03, 0.7)) / 100)
    because = f"the row furthest from all others had {highest:.2f}; 0.5 is usual"
    yield rule("expect_table_isolated_share_to_be_at_most", "warn", because,
               max_value=math.ceil(1000 * highest_rate(0, len(X)) / 2) / 1000,
               threshold=threshold, **ignored)  # fmt: skip
