"""The rows as time series: which row comes after which, and for whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case
from ninefold.splitting.identity import combine, hash_values

MIN_ROWS = 60
MAX_ROWS = 60_000
"""Rows of a series that are looked at: the latest whole stretch of so many."""
ALONE = 0.95
"""Share of rows that must be the only one of their moment for a column to order them."""
MOSTLY = 0.9
"""The same for rows of one entity, where no other column names entities: some have two records."""
HOLES = (0.01, 0.4)
"""Share of steps over missing moments for which a series is also looked at stretch by stretch."""
LAGS, LAGGED_ROWS = (*range(1, 61), 84, 90, 91, 96, 120, 168, 180, 336, 364, 365, 366), 600
"""Rows by which a lag is looked for, and rows looked at."""
FIXED = 0.98
"""Share of neighbours at the same place of two entities that are equal in a plan."""
MIN_LENGTH = 5
"""Mean rows of an entity below which it has no history to look at."""
DECLARED_LENGTH = 2
"""The same where people named the entity: two rows suffice to see one in the other."""


@dataclass(frozen=True)
class Series:
    """Rows in order, entity after entity.

    Shapes: `index` `(M,)` positions in the case; `entity` `(M,)` codes, equal ones adjacent.
    """

    index: Array
    entity: Array
    time: str | None
    """The column that orders them; None: they stand as in the source."""
    by: tuple[str, ...] = ()
    """The columns that tell the entities apart."""

    def __len__(self) -> int:
        return len(self.index)

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """First and last place `(M,)` of each row's entity."""
        change = np.flatnonzero(np.diff(self.entity)) + 1
        starts = np.concatenate([[0], change])
        ends = np.concatenate([change, [len(self)]]) - 1
        which = np.repeat(np.arange(len(starts)), ends - starts + 1)
        return starts[which], ends[which]

    def around(self, values: Array, places: Array, steps: Array) -> Array:
        """Return `values` `(M,)` of the rows `steps` `(S,)` after each of `places` `(P,)`.

        `(P, S)`, NaN where the entity has no such row.
        """
        first, last = self.bounds
        at = places[:, None] + steps[None, :]
        inside = (at >= first[places][:, None]) & (at <= last[places][:, None])
        return np.where(inside, values[np.clip(at, 0, len(self) - 1)], np.nan)

    def inner(self, margin: int, most: int, seed: int, among: Array | None = None) -> Array:
        """Return at most `most` places that have `margin` rows on either side, in order.

        among: mask `(M,)` of the places to choose from, all by default.
        """
        first, last = self.bounds
        place = np.arange(len(self))
        inside = (place - first >= margin) & (last - place >= margin)
        kept = np.flatnonzero(inside if among is None else inside & among)
        if len(kept) <= most:
            return kept
        return np.sort(np.random.default_rng(seed).choice(kept, most, replace=False))

    @property
    def words(self) -> str:
        """How the rows are ordered, for a message."""
        order = f"in the order of `{self.time}`" if self.time else "in file order"
        return f"{order} within {', '.join(f'`{n}`' for n in self.by)}" if self.by else order


def series_of(case: Case) -> Iterator[Series]:
    """Yield the orders the rows may have: by time, within entities, or as the file stands.

    A regular series with holes comes whole first, then in stretches without any.

    The file's own order counts only where no column of dates could give one: a file sorted from new
    to old would turn every honest lag into a look ahead.
    """
    times = [case.problem.time] if case.problem.time else _dates(case)
    found = False
    for time in times[:2]:
        for item in _by_time(case, time):
            found = True
            yield item
    if not found and not case.problem.time:
        yield from _in_file(case)


def is_lag(series: Series, x: Array, y: Array) -> bool:
    """Tell whether `x` `(M,)` is the target `y` `(M,)` of a fixed number of rows earlier."""
    places = series.inner(0, LAGGED_ROWS, 0)
    before = series.around(y, places, -np.asarray(LAGS))
    both = np.isfinite(before) & np.isfinite(x[places])[:, None]
    near = 1e-3 * float(np.std(y))
    equal = (np.abs(before - x[places][:, None]) <= near) & both
    share = equal.sum(axis=0) / np.maximum(both.sum(axis=0), MIN_ROWS / 2)
    return bool(share.max() >= ALONE)


def is_schedule(series: Series, values: Array) -> bool:
    """Tell whether `values` `(M,)` are the same for each entity at the same place of its rows."""
    first = series.bounds[0]
    entities = len(np.unique(first))
    if entities < MIN_LENGTH or entities == len(series):
        return False
    place = np.arange(len(series)) - first
    order = np.lexsort((values, place))
    same = np.diff(place[order]) == 0
    equal = np.diff(values[order]) == 0
    return bool(same.any() and equal[same].mean() >= FIXED)


def _dates(case: Case) -> list[str]:
    """Return the raw date columns, those with the most distinct values first."""
    names = [n for n in case.inputs if case.frame.column(n).kind == "datetime"]
    return sorted(names, key=lambda n: -len(np.unique(case.frame[n])))


def _by_time(case: Case, time: str) -> Iterator[Series]:
    known = np.flatnonzero(~case.is_missing(time))
    if len(known) < MIN_ROWS:
        return
    values, row = case.frame[time][known], case.frame.row[known]
    # Rows of one moment stand as in the source, or turned round if that is newest first.
    if np.corrcoef(np.argsort(np.argsort(values, kind="stable")), np.argsort(row))[0, 1] < -0.9:
        row = -row
    one = np.zeros(len(known), dtype=np.int64)
    group = case.problem.group
    if group:
        entity = _entity(case, group)[known]
        yield from _made(known, entity, values, row, time, group, DECLARED_LENGTH)
        return
    if len(np.unique(values)) >= ALONE * len(values) or case.problem.time == time:
        yield from _made(known, one, values, row, time, ())
    if len(np.unique(values)) < ALONE * len(values):
        for name in _entities(case, known, values)[:2]:
            yield from _made(known, _entity(case, (name,))[known], values, row, time, (name,))


def _in_file(case: Case) -> Iterator[Series]:
    everything = np.arange(len(case))
    if len(case) < MIN_ROWS:
        return
    row = case.frame.row
    if case.problem.group:
        entity = _entity(case, case.problem.group)
        yield from _made(everything, entity, row, row, None, case.problem.group)
        return
    yield from _made(everything, np.zeros(len(case), dtype=np.int64), row, row, None, ())
    for name in _runs(case)[:2]:
        yield from _made(everything, _entity(case, (name,)), row, row, None, (name,))


def _made(
    known: Array, entity: Array, values: Array, row: Array, time: str | None, by: tuple[str, ...],
    least: int = MIN_LENGTH,
) -> Iterator[Series]:  # fmt: skip
    codes = np.unique(entity, return_inverse=True)[1]
    if len(codes) / (codes.max() + 1) < least:
        return
    order = np.lexsort((row, values, codes))[-MAX_ROWS:]
    yield Series(known[order], codes[order], time, by)
    if time is not None:
        stretches = _stretches(values[order], codes[order])
        if stretches is not None and len(order) / (stretches[-1] + 1) >= MIN_LENGTH:
            yield Series(known[order], stretches, time, by)


def _stretches(values: Array, entity: Array) -> Array | None:
    """Return codes `(M,)` of the stretches without a missing moment; None if hardly any is missing.

    Rows were left out of a regular series after its columns had been computed: across the holes
    neighbours are not those that they were computed from.
    """
    step, same = np.diff(values), entity[1:] == entity[:-1]
    moved = step[same & (step > 0)]
    if not len(moved):
        return None
    usual, count = np.unique(moved, return_counts=True)
    mode = usual[count.argmax()]
    holes = float((moved > mode).mean())
    if not HOLES[0] <= holes <= HOLES[1] or (moved % mode == 0).mean() < ALONE:
        return None
    breaks = ~same | (step != mode)
    return np.concatenate([[0], np.cumsum(breaks)])


def _entity(case: Case, names: tuple[str, ...]) -> Array:
    return combine([hash_values(case.frame.column(n).kind, case.frame[n]) for n in names])


def _levels(case: Case) -> dict[str, Array]:
    """Return the codes `(N,)` of the raw columns that could name entities."""
    named = [c.name for c in case.frame.columns if "id" in c.roles]
    found = {}
    for name in dict.fromkeys([*case.inputs, *named]):
        if case.frame.column(name).kind not in ("category", "number"):
            continue
        codes = np.unique(_entity(case, (name,)), return_inverse=True)[1]
        if 2 <= codes.max() + 1 <= len(case) / MIN_LENGTH:
            found[name] = codes
    return found


def _entities(case: Case, known: Array, values: Array) -> list[str]:
    """Return the columns that, with the time, name each row, or most: few entities first."""
    moment = np.unique(values, return_inverse=True)[1].astype(np.int64)
    kept = []
    for name, codes in _levels(case).items():
        pairs = np.unique(moment * (int(codes.max()) + 1) + codes[known])
        share = len(pairs) / len(known)
        if share >= MOSTLY and not _is_clock(case, name, known, values):
            kept.append((share < ALONE, int(codes.max()), name))
    return [name for _, _, name in sorted(kept)]


def _is_clock(case: Case, name: str, known: Array, values: Array) -> bool:
    """Tell whether a number is a part of the date (quarter, hour), and tells no entities apart.

    Then the target moves less from row to row in the order of both than from year to year.
    """
    if case.frame.column(name).kind != "number":
        return False
    part, y = case.number(name)[known], case.y[known].astype(np.float64)
    both, within = np.lexsort((part, values)), np.lexsort((values, part))
    same = np.diff(part[within]) == 0
    after = np.abs(np.diff(y[both]))
    return bool(same.any() and after.mean() < np.abs(np.diff(y[within]))[same].mean())


def _runs(case: Case) -> list[str]:
    """Return the columns whose values stand together in the file, one stretch each."""
    order = np.argsort(case.frame.row, kind="stable")
    kept = []
    for name, codes in _levels(case).items():
        stretches = 1 + int((np.diff(codes[order]) != 0).sum())
        if stretches <= 1.05 * (codes.max() + 1):
            kept.append((-int(codes.max()), name))
    return [name for _, name in sorted(kept)]
