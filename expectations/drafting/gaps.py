"""Missing values that come together: a flight without departure has no arrival."""

import math
from collections.abc import Iterator

import numpy as np

from expectations.expressions import quoted
from expectations.margins import highest_rate
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 90
MIN_MISSING = 20
MAX_COLUMNS = 60
SURE = 100
"""So many gaps that always came together leave no room for one alone."""
MAX_CHANCE = 1e-6
"""How likely the rule may be to hold in all rows if gaps were independent."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect gaps to come together as they did in every train row, where chance would not do it."""
    names = [c.name for c in sample.columns if sample.missing[c.name].sum() >= MIN_MISSING]
    names = names[:MAX_COLUMNS]
    if len(names) < 2:
        return
    gone = np.column_stack([sample.missing[name] for name in names])
    first: list[int] = []
    for i, name in enumerate(names):
        twin = next((j for j in first if (gone[:, i] == gone[:, j]).all()), None)
        if twin is None:
            first.append(i)
            continue
        because = f"both or neither, in all {len(sample)} rows ({int(gone[:, i].sum())} gaps)"
        expression = f"missing({quoted(names[twin])}) == missing({quoted(name)})"
        count = int(gone[:, i].sum())
        share = {} if count >= SURE else {"mostly": held_by(count, len(gone))}
        yield rule("expect_rows_to_satisfy", "warn", because, expression=expression, **share)
    pairs = [(i, j) for i in first for j in first if i != j and _implies(gone[:, i], gone[:, j])]
    for i, j in pairs:
        if any((i, k) in pairs and (k, j) in pairs for k in first):
            continue
        because = f"so in all {int(gone[:, i].sum())} rows where {names[i]} is missing"
        expression = f"present({quoted(names[i])}) or missing({quoted(names[j])})"
        yield rule("expect_rows_to_satisfy", "warn", because, expression=expression,
                   mostly=held_by(int(gone[:, i].sum()), len(gone)))  # fmt: skip


def held_by(count: int, rows: int) -> float:
    """Return the share of rows that keep a rule for sure which `count` of them never broke."""
    return math.floor(1e4 * (1 - highest_rate(0, count) * count / rows)) / 1e4


def _implies(cause: Array, effect: Array) -> bool:
    """Tell whether `effect` is missing wherever `cause` is, and chance would not bring it about."""
    chance = float(effect.mean()) ** int(cause.sum())
    return not (cause & ~effect).any() and chance < MAX_CHANCE
