"""Columns that go with an entity or a level: the town of a shop, the name of a code."""

from collections.abc import Iterator

import numpy as np

from expectations.drafting.gaps import SURE, held_by
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column

ORDER = 88
TYPE = "expect_rows_to_agree"
MIN_LEVELS, MAX_COLUMNS = 5, 30
MIN_ROWS = 30
"""Rows that must share what they belong to with another."""
LEAST = 20.0
"""That chance alone keeps the rule has a probability of e^-20."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect one value for each entity or level, as in every train row, where chance would not."""
    free = [c for c in sample.columns if not (sample.is_target(c.name) or c.roles & {"after"})]
    owners = [c for c in free if _may_own(c, sample)][:MAX_COLUMNS]
    owned = [c for c in free if c.kind in ("category", "bool") and "id" not in c.roles]
    said: set[tuple[str, str]] = set()
    for owner in owners:
        for other in owned[:MAX_COLUMNS]:
            known = ~(sample.missing[owner.name] | sample.missing[other.name])
            if owner is other or (other.name, owner.name) in said:
                continue
            count = _held(sample.values[owner.name][known], sample.values[other.name][known])
            if count >= MIN_ROWS:
                said.add((owner.name, other.name))
                because = f"each {owner.name} had one {other.name}, in {count} rows that share it"
                share = {} if count >= SURE else {"mostly": held_by(count, len(sample))}
                pair = [owner.name, other.name]
                yield rule(TYPE, "warn", because, column_list=pair, **share)


def _may_own(column: Column, sample: Sample) -> bool:
    is_named = column.kind == "category" or column.name in sample.problem.group
    return is_named and len(np.unique(sample.present(column.name))) >= MIN_LEVELS


def _held(owner: Array, other: Array) -> int:
    """Return how many rows share their owner with another, 0 where two of one owner differ or
    chance would have them agree.
    """
    _, code = np.unique(owner, return_inverse=True)
    _, level = np.unique(other, return_inverse=True)
    if not len(code) or level.max() == 0:
        return 0
    sizes = np.bincount(code)
    if len(np.unique(code * (level.max() + 1) + level)) > len(sizes):
        return 0
    shares = np.bincount(level) / len(level)
    shared = sizes[sizes > 1]
    chance = np.log((shares[None, :] ** shared[:, None]).sum(axis=1)).sum()
    return int(shared.sum()) if -chance > LEAST else 0
