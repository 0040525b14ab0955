"""Columns that go with an entity or a level: the town of a shop, the name of a code."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from expectations.drafting.gaps import SURE, held_by
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 88
TYPE = "expect_rows_to_agree"
MIN_LEVELS, MAX_COLUMNS, LOOK = 5, 30, 2000
MIN_ROWS = 30
"""Rows that must share what they belong to with another."""
LEAST = 20.0
"""That chance alone keeps the rule has a probability of e^-20."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect one value for each entity or level, as in every train row, where chance would not."""
    free = [c for c in sample.columns if not (sample.is_target(c.name) or c.roles & {"after"})]
    owners = [c.name for c in free if c.kind == "category" or c.name in sample.problem.group]
    owned = [c.name for c in free if c.kind in ("category", "bool") and "id" not in c.roles]
    owners, owned = owners[:MAX_COLUMNS], owned[:MAX_COLUMNS]
    codes = {name: _codes(sample, name) for name in dict.fromkeys([*owners, *owned])}
    said: set[tuple[str, str]] = set()
    for owner, other in product(owners, owned):
        if (
            owner == other
            or (other, owner) in said
            or codes[owner].max(initial=-1) + 1 < MIN_LEVELS
        ):
            continue
        count = _held(codes[owner], codes[other])
        if count >= MIN_ROWS:
            said.add((owner, other))
            because = f"each {owner} had one {other}, in {count} rows that share it"
            share = {} if count >= SURE else {"mostly": held_by(count, len(sample))}
            yield rule(TYPE, "warn", because, column_list=[owner, other], **share)


def _codes(sample: Sample, name: str) -> Array:
    """Return the number of each row's level `(N,)`, -1 for none."""
    from pandas import factorize

    codes = np.asarray(factorize(sample.values[name])[0])
    return np.where(sample.missing[name], -1, codes)


def _held(owner: Array, other: Array) -> int:
    """Return how many rows share their owner with another, from codes `(N,)`; 0 where two of one
    owner differ, or chance would have them agree.
    """
    known = (owner >= 0) & (other >= 0)
    code, level = owner[known], other[known]
    if not _agree(code[:LOOK], level[:LOOK]) or not _agree(code, level):
        return 0
    counts, sizes = np.bincount(level), np.bincount(code)
    shared = sizes[sizes > 1]
    # Of n rows with one owner each but the first has the level of the first by chance: at most that
    # of the commonest level.
    chance = (shared.sum() - len(shared)) * np.log(counts.max() / len(level))
    return int(shared.sum()) if -chance > LEAST else 0


def _agree(code: Array, level: Array) -> bool:
    """Tell whether the rows of each owner have one level."""
    if not len(code):
        return False
    first = np.zeros(code.max() + 1, dtype=np.int64)
    first[code[::-1]] = level[::-1]
    return bool((first[code] == level).all())
