"""A long table, typed, each entity's steps together and in order of time."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from ninefold import sequences
from ninefold.columns import Array, Column, is_missing, to_array
from ninefold.datasets.series.spec import LongSpec
from ninefold.datasets.tables.reading import read_typed
from ninefold.datasets.tables.source import Source
from ninefold.errors import InputError, nearest

log = logging.getLogger("ninefold")
MICROS_PER_DAY = 86_400_000_000


@dataclass(frozen=True)
class Steps:
    """Steps `(S,)` of all entities, ordered by entity (as first met) and time.

    entity: number of each step's entity, from 0; names: the entities' cells, one each.
    time: moments `(S,)`, or None where the file's own order counts.
    """

    title: str
    table: pa.Table
    columns: Mapping[str, Column]
    entity: Array
    names: pa.Array | None
    time: Array | None
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entity)

    @property
    def counts(self) -> Array:
        """Number of steps of each entity."""
        return np.bincount(self.entity)

    def formats(self, names: Sequence[str]) -> dict[str, str]:
        """Return the formats of those of the named columns that have one."""
        found = {name: self.columns[name].format for name in names if name in self.columns}
        return {name: format for name, format in found.items() if format is not None}

    def numbers(self, names: Sequence[str]) -> Array:
        """Return columns as float64 `(S, C)`; missing and infinite values NaN."""
        parts = [to_array(self.table[name], "number") for name in names]
        values = np.stack(parts, axis=1) if parts else np.empty((len(self), 0))
        return np.where(np.isfinite(values), values, np.nan)

    def words(self, name: str) -> list[str]:
        """Return for each entity the words of its steps in a column, one a line."""
        cells = to_array(self.table[name].combine_chunks(), self.columns[name].kind)
        parts = np.split(cells, np.cumsum(self.counts)[:-1])
        return [sequences.text_of_words(part.tolist()) for part in parts]

    def settled(self, name: str) -> tuple[pa.Array, int]:
        """Return a column's value for each entity, the first that is there, and the number of an
        entity that has several (-1: none has).
        """
        kind = self.columns[name].kind
        values = self.table[name].combine_chunks()
        array = to_array(values, kind)
        known = np.flatnonzero(~is_missing(kind, array))
        first = np.full(int(self.entity.max()) + 1, -1)
        first[self.entity[known][::-1]] = known[::-1]
        differs = array[known] != array[first[self.entity[known]]]
        found = values.take(pa.array(first, mask=first < 0))
        return found, int(self.entity[known[differs][0]]) if differs.any() else -1


def read_steps(source: Source, spec: LongSpec, entity: str | None, time: str | None) -> Steps:
    """Read, type and order a long table.

    Args:
        entity: column that names the entity of a step; None: there is one.
        time: column that orders its steps; None: the order of the file.

    Raises:
        InputError: columns that are missing or cannot order the steps, or repeated times.
    """
    named = [("entity", entity), ("time", time), *(("channels", name) for name in spec.wanted)]
    named += [("drop", name) for name in spec.drop]
    gone = next((name for name in (entity, time) if name in spec.drop), None)
    if gone is not None:
        raise InputError(
            "params.yaml: ingest.drop must leave the entity and the time of the steps, however: "
            f"`{gone}`"
        )
    for place, name in named:
        if name is not None and name not in source.names:
            raise InputError(
                f"{source.title} must have the column `{name}` (ingest.{place}), however: it has "
                f"none{nearest(name, source.names)}"
            )
    table, columns = read_typed(source, spec)
    known = {column.name: column for column in columns}
    for name in spec.wanted:
        if known[name].kind not in ("number", "bool"):
            raise InputError(
                f"params.yaml: ingest.channels must name number columns, however: `{name}` of "
                f"{source.title} is {known[name].kind}"
            )
    code, names = _entities(table, known, entity, source.title)
    moments = _moments(table, known, time, source.title)
    order = np.lexsort((code,) if moments is None else (moments, code))
    notes: dict[str, Any] = {"entities": int(code.max()) + 1, "steps": len(code)}
    if moments is not None:
        notes["out_of_order"] = int((np.diff(np.lexsort((moments, code))) < 0).sum())
        order, notes["repeated"] = _once(order, code, moments, names, spec, source.title)
    return Steps(
        source.title,
        table.take(pa.array(order)),
        known,
        code[order],
        names,
        None if moments is None else moments[order],
        notes,
    )


def _entities(
    table: pa.Table, known: Mapping[str, Column], entity: str | None, title: str
) -> tuple[Array, pa.Array | None]:
    from pandas import factorize

    if entity is None:
        return np.zeros(table.num_rows, dtype=np.int64), None
    code = factorize(_complete(table, known[entity], "name the entity", title))[0]
    _, first = np.unique(code, return_index=True)
    return code, table[entity].combine_chunks().take(pa.array(first))


def _moments(
    table: pa.Table, known: Mapping[str, Column], time: str | None, title: str
) -> Array | None:
    if time is None:
        return None
    kind = known[time].kind
    if kind not in ("datetime", "number"):
        raise InputError(
            f"params.yaml: ingest.time must name a datetime or number column, however: `{time}` "
            f"is {kind}. Give its format: `ingest: {{columns: {{{time!r}: {{kind: datetime, "
            "format: '%d.%m.%Y'}}}}`"
        )
    return _complete(table, known[time], "give the time", title)


def _complete(table: pa.Table, column: Column, says: str, title: str) -> Array:
    """Return the cells of a column of which none may be missing. Raises `InputError`."""
    values = to_array(table[column.name], column.kind)
    missing = np.flatnonzero(is_missing(column.kind, values))
    if len(missing):
        raise InputError(
            f"{title}: column `{column.name}` must {says} of every step, however: row "
            f"{int(missing[0])} (from 0) has none ({len(missing)} in all)"
        )
    return values


def _once(
    order: Array, code: Array, moments: Array, names: pa.Array | None, spec: LongSpec, title: str
) -> tuple[Array, int]:
    """Return the order with one step for each time of an entity, and how many there were more."""
    same = (np.diff(code[order]) == 0) & (np.diff(moments[order]) == 0)
    count = int(same.sum())
    if not count:
        return order, 0
    if spec.repeated == "stop":
        row = order[int(np.flatnonzero(same)[0]) + 1]
        of = "" if names is None else f" of {names[int(code[row])].as_py()!r}"
        raise InputError(
            f"{title}: every step{of} must have a time of its own, however: {count} repeat one, "
            f"row {int(row)} (from 0) the first. Name the column that tells the series apart, or "
            "keep one of them with `ingest: {repeated: last}`"
        )
    log.warning("%s: %d steps repeat a time, the %s one is kept", title, count, spec.repeated)
    keep = np.ones(len(order), dtype=bool)
    keep[1:] &= ~same if spec.repeated == "first" else True
    keep[:-1] &= ~same if spec.repeated == "last" else True
    return order[keep], count
