"""What a level decides about another column: who is open has no end, who never smoked smokes 0."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from expectations.drafting.gaps import SURE, held_by
from expectations.expressions import quoted
from expectations.sample import Rule, Sample, rule
from ninefold.clues import CODES, NEGATIVE
from ninefold.columns import Array, Column
from ninefold.exploration.view import sample as some

ORDER = 95
MIN_ROWS, LOOK = 100, 20_000
MAX_LEVELS, MAX_EVENTS = 12, 300
RARE = 0.02
"""What holds in fewer rows than this share, or in all but so few, decides nothing."""
FILLS = CODES | NEGATIVE
MAX_CHANCE = 1e-9
"""How likely a rule may be to hold in all rows if the two columns were independent."""
MOST = 2
"""Where more levels of one column decide another, that is a hierarchy: a town and its state."""


@dataclass(frozen=True)
class Event:
    """A mask `(N,)` of rows, the column it is of, and how an expression says it."""

    column: str
    said: str
    rows: Array
    is_level: bool
    is_gap: bool = False


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect what always came together to do so: a level and a gap, a value, another level."""
    if len(sample) < MIN_ROWS:
        return
    found = [event for column in sample.columns for event in _events(column, sample)][:MAX_EVENTS]
    roots: dict[bytes, Event] = {}
    twins: dict[tuple[str, str], list[tuple[Event, Event]]] = {}
    for event in found:
        first = roots.setdefault(np.packbits(event.rows).tobytes(), event)
        is_other = first.column != event.column
        is_told = first.is_gap and event.is_gap  # by `gaps`
        if is_other and not is_told and not _is_chance(first.rows):
            twins.setdefault((first.column, event.column), []).append((first, event))
    for pairs in twins.values():
        yield _together(pairs)
    yield from _decided(list(roots.values()), len(sample))


def _events(column: Column, sample: Sample) -> Iterator[Event]:
    """Yield what a column's rows may be: missing, of a level, or a number that stands for none."""
    name, gone = quoted(column.name), sample.missing[column.name]
    values = sample.values[column.name]
    if column.roles & {"id"} or column.kind not in ("category", "bool", "number", "datetime"):
        return
    if _is_usual(gone):
        yield Event(column.name, f"missing({name})", gone, is_level=False, is_gap=True)
    if column.name in sample.masked or column.kind == "datetime":
        return
    levels, codes, counts = np.unique(values[~gone], return_inverse=True, return_counts=True)
    is_number = column.kind == "number"
    if not is_number and not 1 < len(levels) <= MAX_LEVELS:
        return
    for at, level in enumerate(levels.tolist()):
        is_told = level in FILLS if is_number else "`" not in str(level)
        if is_told and RARE <= counts[at] / len(sample) <= 1 - RARE:
            rows = ~gone
            rows[~gone] = codes == at
            yield Event(column.name, f"{name} == {_literal(level)}", rows, is_level=not is_number)


def _is_usual(rows: Array) -> bool:
    return bool(RARE <= rows.mean() <= 1 - RARE)


def _literal(level: object) -> str:
    """Write a value as it stands in an expression."""
    if isinstance(level, bool):
        return str(level)
    return f"{level:.15g}" if isinstance(level, float) else repr(str(level))


def _is_chance(rows: Array) -> bool:
    """Tell whether any other column could by chance be so in these very rows, and no others."""
    count, total = int(rows.sum()), len(rows)
    ways = lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1)
    return ways < -log(MAX_CHANCE)


def _together(pairs: list[tuple[Event, Event]]) -> Rule:
    """Return the rule that two columns say the same: one condition for each level."""
    counts, rows = [int(one.rows.sum()) for one, _ in pairs], len(pairs[0][0].rows)
    expression = " and ".join(f"({one.said}) == ({other.said})" for one, other in pairs)
    fewest = min(min(counts), rows - max(counts))
    because = f"both or neither, in all {rows} rows ({sum(counts)} times both)"
    share = {} if fewest >= SURE else {"mostly": held_by(fewest, rows)}
    return rule("expect_rows_to_satisfy", "warn", because, expression=expression, **share)


def _decided(events: list[Event], rows: int) -> Iterator[Rule]:
    """Yield what single levels decide about other columns, where it goes one way only."""
    if len(events) < 2:
        return
    taken = some(rows, LOOK)
    masks = np.column_stack([event.rows[taken] for event in events]).astype(np.float32)
    both = masks.T @ masks
    counts = both.diagonal()
    found: dict[tuple[str, str], list[Rule]] = {}
    for i, j in np.argwhere((both == counts[:, None]) | (both == 0)).tolist():
        cause, effect = events[i], events[j]
        if cause.column == effect.column or not cause.is_level:
            continue
        item = _implied(cause, effect, is_so=bool(both[i, j]))
        if item is not None:
            found.setdefault((cause.column, effect.column), []).append(item)
    for items in found.values():
        if len(items) <= MOST:
            yield from items


def _implied(cause: Event, effect: Event, *, is_so: bool) -> Rule | None:
    """Return the rule that rows of a level have, or never have, what is of another column.

    That a level never goes with what others have is told of gaps only: levels seldom meet all
    others.
    """
    inside = effect.rows[cause.rows]
    if not (inside.all() if is_so else not inside.any()) or not (is_so or effect.is_gap):
        return None
    share = float(effect.rows.mean() if is_so else 1 - effect.rows.mean())
    count = len(inside)
    if count * log(share) > log(MAX_CHANCE):
        return None
    expression = f"not ({cause.said}) or {'' if is_so else 'not '}({effect.said})"
    because = f"so in all {count} rows where {cause.said}; {share:.0%} of all rows have it"
    return rule("expect_rows_to_satisfy", "warn", because, expression=expression,
                mostly=held_by(count, len(effect.rows)))  # fmt: skip
