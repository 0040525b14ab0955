"""One column never above another: a start and an end, a part and its whole."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from expectations.expressions import quoted
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column

ORDER = 80
MIN_ROWS = 100
MAX_COLUMNS = 40
CHANCE = 0.15
"""Were the columns independent, this share of rows at least would have to break the rule."""
SHUFFLED = 2_000


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect a <= b where every train row says so and chance would not.

    Held against the null that the two columns are independent: a shuffle must break the rule in
    so many rows that its holding in all of them is no accident. What follows from two other rules
    is left out.
    """
    for kinds in (("number",), ("datetime",)):
        columns = [c for c in sample.of_kind(*kinds) if not c.roles & {"id"}][:MAX_COLUMNS]
        found = _ordered(columns, sample)
        for low, high in sorted(_not_implied(found)):
            a, b = columns[low].name, columns[high].name
            rows, broken = found[low, high]
            because = f"so in all {rows} rows with both; shuffled, {broken:.0%} would break it"
            expression = (
                f"missing({quoted(a)}) or missing({quoted(b)}) or {quoted(a)} <= {quoted(b)}"
            )
            yield rule("expect_rows_to_satisfy", "warn", because, expression=expression)


def _ordered(columns: list[Column], sample: Sample) -> dict[tuple[int, int], tuple[int, float]]:
    """Return pairs of positions (low, high) with the rows seen and the share chance would break."""
    random = np.random.default_rng(0)
    found = {}
    for i, j in combinations(range(len(columns)), 2):
        a, b = columns[i].name, columns[j].name
        known = ~(sample.missing[a] | sample.missing[b])
        x, y = sample.values[a][known], sample.values[b][known]
        if len(x) < MIN_ROWS or (x == y).mean() > 0.9:
            continue
        for low, high, (u, v) in ((i, j, (x, y)), (j, i, (y, x))):
            if (u <= v).all() and (share := _by_chance(u, v, random)) >= CHANCE:
                found[low, high] = (len(u), share)
    return found


def _by_chance(low: Array, high: Array, random: np.random.Generator) -> float:
    """Return the share of rows that would break the order if the columns were independent."""
    take = random.integers(0, len(low), (2, SHUFFLED))
    return float((low[take[0]] > high[take[1]]).mean())


def _not_implied(pairs: dict[tuple[int, int], tuple[int, float]]) -> list[tuple[int, int]]:
    """Leave out a <= c where a <= b and b <= c stand."""
    return [
        (a, c)
        for a, c in pairs
        if not any((a, b) in pairs and (b, c) in pairs for b in {end for _, end in pairs} - {a, c})
    ]
