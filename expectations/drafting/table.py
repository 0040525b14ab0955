"""The table as a whole: how many rows, how many of them repeated."""

import math
from collections.abc import Iterator

from expectations.margins import highest_rate
from expectations.sample import Rule, Sample, rule
from ninefold.datasets.tables.profiling import duplicates
from ninefold.exploration.twins import near_twins

ORDER = 0
MAX_COLUMNS = 100


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect about as many rows, and about as few repeated ones, as the train part had."""
    rows = len(sample)
    if not rows:
        return
    yield rule("expect_table_row_count_to_be_between", "warn",
               f"drafted from {rows} rows; half of them would be a surprise",
               min_value=max(1, rows // 2))  # fmt: skip
    ids = [c.name for c in sample.columns if c.roles & {"id"}]
    if len(ids) == len(sample.columns):
        return
    repeated = duplicates(sample.table.drop_columns(ids))
    share = 0.0
    if repeated or ids or _may_repeat(sample, ids):
        share = min(1.0, math.ceil(1500 * highest_rate(repeated, rows)) / 1000)
    because = f"{repeated or 'none'} of {rows} rows repeated another"
    yield rule("expect_table_duplicate_share_to_be_at_most", "warn", because,
               max_value=share or 0, **({"ignore": ids} if ids else {}))  # fmt: skip


def _may_repeat(sample: Sample, ids: list[str]) -> bool:
    """Tell whether rows that agree but for one cell show that others may honestly agree in all."""
    kept = [sample.values[c.name] for c in sample.columns if c.name not in ids]
    return len(kept) <= MAX_COLUMNS and bool(near_twins(kept).any())
