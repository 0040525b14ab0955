"""One column never above another: a start and an end, a part and its whole."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from expectations.expressions import quoted
from expectations.margins import is_hard, mostly
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array, Column

ORDER = 80
MIN_ROWS = 100
MAX_COLUMNS = 40
CHANCE = 0.15
"""Were the columns independent, this share of rows at least would have to break the rule."""
SHUFFLED = 2_000
MOST_BROKEN = 0.03
"""So few dates out of order are mistakes, and named."""
TIES = 14
"""Were so many equal by chance, some would lie on the other side of the rule."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect a <= b where every train row says so and chance would not.

    Held against the null that the two columns are independent: a shuffle must break the rule in
    so many rows that its holding in all of them is no accident. What follows from two other rules
    is left out. Numbers that only seldom come near each other may honestly pass each other once.
    """
    for kinds in (("number",), ("datetime",)):
        columns = [c for c in sample.of_kind(*kinds) if not c.roles & {"id"}][:MAX_COLUMNS]
        found = _ordered(columns, sample)
        for low, high in sorted(_not_implied(found)):
            a, b = columns[low].name, columns[high].name
            rows, held, broken = found[low, high]
            count = f"all {rows}" if held == rows else f"{held} of {rows}"
            because = f"so in {count} rows with both; shuffled, {broken:.0%} would break it"
            expression = (
                f"missing({quoted(a)}) or missing({quoted(b)}) or {quoted(a)} <= {quoted(b)}"
            )
            is_strict = kinds == ("datetime",) or _is_edge(a, b, sample)
            share = {} if is_strict else {"mostly": mostly(0, rows)}
            yield rule("expect_rows_to_satisfy", "warn", because, expression=expression, **share)


def _ordered(
    columns: list[Column], sample: Sample
) -> dict[tuple[int, int], tuple[int, int, float]]:
    """Return pairs of positions (low, high): rows seen, rows that held, the share by chance."""
    random = np.random.default_rng(0)
    found = {}
    for i, j in combinations(range(len(columns)), 2):
        a, b = columns[i].name, columns[j].name
        known = ~(sample.missing[a] | sample.missing[b])
        x, y = sample.values[a][known], sample.values[b][known]
        if len(x) < MIN_ROWS or (x == y).mean() > 0.9:
            continue
        for low, high, (u, v) in ((i, j, (x, y)), (j, i, (y, x))):
            held = int((u <= v).sum())
            is_usual = held >= (1 - MOST_BROKEN * (columns[i].kind == "datetime")) * len(u)
            if is_usual and (share := _by_chance(u, v, random)) >= CHANCE:
                found[low, high] = (len(u), held, share)
    return found


def _is_edge(low: str, high: str, sample: Sample) -> bool:
    """Tell whether rows come close to breaking a <= b so often that none breaking it is no chance.

    Rows in which one of the two is at its own end say nothing of the other.
    """
    known = ~(sample.missing[low] | sample.missing[high])
    u, v = sample.values[low][known], sample.values[high][known]
    gaps = (v - u)[(v > v.min()) & (u < u.max())]
    if (gaps == np.round(gaps)).all():
        return is_hard(np.bincount(gaps[gaps <= 2].astype(np.int64), minlength=3))
    return bool((gaps == 0).sum() >= TIES)


def _by_chance(low: Array, high: Array, random: np.random.Generator) -> float:
    """Return the share of rows that would break the order if the columns were independent."""
    take = random.integers(0, len(low), (2, SHUFFLED))
    return float((low[take[0]] > high[take[1]]).mean())


def _not_implied(pairs: dict[tuple[int, int], tuple[int, int, float]]) -> list[tuple[int, int]]:
    """Leave out a <= c where a <= b and b <= c stand."""
    return [
        (a, c)
        for a, c in pairs
        if not any((a, b) in pairs and (b, c) in pairs for b in {end for _, end in pairs} - {a, c})
    ]
