"""The ways in which a table's rows fall into groups: its categories, and periods of its dates."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ninefold.columns import Array
from ninefold.durations import DAY_US
from ninefold.leakage.case import Case
from ninefold.splitting.identity import combine, hash_values

MOST, PAIRS, DATES = 8, 2, 2
"""Categories, those of two values, and date columns that are looked at."""
LEAST_SIZE = 2.0
"""Mean rows of a group below which it sums nothing up."""
PERIODS = ("hour", "day", "week", "week from Sunday", "month", "quarter", "year")


@dataclass(frozen=True)
class Grouping:
    """Rows by group: `code` `(N,)` from 0, and the words for what makes the groups."""

    code: Array
    words: str
    is_period: bool = False

    @cached_property
    def size(self) -> Array:
        """Rows `(G,)` of each group."""
        return np.bincount(self.code)

    @cached_property
    def order(self) -> Array:
        """Positions `(N,)` that put the rows of a group together."""
        return np.argsort(self.code, kind="stable")

    @cached_property
    def starts(self) -> Array:
        """Places `(G,)` in `order` at which each group begins."""
        return np.concatenate([[0], np.cumsum(self.size)[:-1]])

    def least(self, values: Array) -> Array:
        """Return the least of `values` `(N,)` in each group `(G,)`; NaN if one is missing."""
        return np.asarray(np.minimum.reduceat(values[self.order], self.starts))

    def greatest(self, values: Array) -> Array:
        """Return the greatest of `values` `(N,)` in each group `(G,)`; NaN if one is missing."""
        return np.asarray(np.maximum.reduceat(values[self.order], self.starts))

    def total(self, values: Array) -> Array:
        """Return the sum of `values` `(N,)` in each group `(G,)`."""
        return np.bincount(self.code, values, minlength=len(self.size))


def groupings_of(case: Case) -> Iterator[Grouping]:
    """Yield the groups that categories make, entities, periods of dates, and both together."""
    categories = _categories(case)
    for name, code in categories:
        yield Grouping(code, f"`{name}`")
    entity = _entity(case)
    if len(case.problem.group) > 1 and entity is not None:
        yield Grouping(entity, _listed(case.problem.group))
    for date in _dates(case):
        known = np.asarray(case.frame[date])
        for period, moment in _periods(known, case.frame.column(date).kind):
            code = _coded(moment)
            if entity is None and _sums_up(code):
                yield Grouping(code, f"the {period} of `{date}`", True)
            inside = [(case.problem.group, entity)] if entity is not None else categories[:2]
            for names, other in inside:
                both = _coded(code * (int(other.max()) + 1) + other)
                if _sums_up(both):
                    listed = _listed(names) if isinstance(names, tuple) else f"`{names}`"
                    yield Grouping(both, f"the {period} of `{date}` and {listed}", True)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _entity(case: Case) -> Array | None:
    names = [n for n in case.problem.group if n in case.frame.data]
    if not names:
        return None
    return _coded(combine([hash_values(case.frame.column(n).kind, case.frame[n]) for n in names]))


def _categories(case: Case) -> list[tuple[str, Array]]:
    """Return columns of few values, names before numbers: features, entities, identifiers."""
    named = [c.name for c in case.frame.columns if {"id", "group", "time"} & set(c.roles)]
    kept = []
    for name in dict.fromkeys([*case.inputs, *named, *case.problem.group]):
        if name not in case.frame.data or name == case.problem.target:
            continue
        kind = case.frame.column(name).kind
        code = case.codes.get(name)
        code = _coded(hash_values(kind, case.frame[name])) if code is None else code
        levels = int(code.max()) + 1
        if levels >= 2 and levels * LEAST_SIZE <= len(case):
            kept.append((kind in ("number", "datetime"), -levels, name, code))
    ordered = sorted(kept, key=lambda item: item[:3])
    many, pairs = ([item for item in ordered if (item[1] < -2) == more] for more in (True, False))
    return [(name, code) for _, _, name, code in (*many[:MOST], *pairs[:PAIRS])]


def _dates(case: Case) -> list[str]:
    time = case.problem.time
    if time is not None:
        return [time] if case.frame.column(time).kind == "datetime" else []
    names = [n for n in case.inputs if case.frame.column(n).kind == "datetime"]
    return sorted(names, key=lambda n: -int(case.codes[n].max()))[:DATES]


def _periods(moment: Array, kind: str) -> Iterator[tuple[str, Array]]:
    """Yield the periods `(N,)` that moments in microseconds `(N,)` fall into."""
    if kind != "datetime":
        return
    days = moment // DAY_US
    months = moment.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    found = (moment // (DAY_US // 24), days, (days + 3) // 7, (days + 4) // 7,
             months, months // 3, months // 12)  # fmt: skip
    yield from zip(PERIODS, found, strict=True)


def _sums_up(code: Array) -> bool:
    groups = int(code.max()) + 1
    return groups >= 3 and len(code) >= LEAST_SIZE * groups


def _coded(values: Array) -> Array:
    from pandas import factorize

    return np.asarray(factorize(values)[0])
