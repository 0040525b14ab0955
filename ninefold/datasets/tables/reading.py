"""Reads a source twice: once to find out what its columns are, once to parse the rows wanted."""

import json
from collections import Counter
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa

from ninefold.columns import ROW, Array, Column, Role
from ninefold.datasets import DatasetSpec
from ninefold.datasets.tables.evidence import TextEvidence, gather
from ninefold.datasets.tables.inference import Inferred, infer
from ninefold.datasets.tables.parsing import parse, unreadable
from ninefold.datasets.tables.source import Source
from ninefold.datasets.tables.target_check import check_target
from ninefold.dates import doubt
from ninefold.durations import duration_us
from ninefold.errors import ConfigError, InputError, nearest
from ninefold.problem import ProblemSpec
from ninefold.progress import progress

HOUR_US = 3_600_000_000


def read_table(
    source: Source,
    spec: DatasetSpec,
    problem: ProblemSpec,
    derived: Collection[str] = (),
    masked: Collection[str] = (),
) -> tuple[pa.Table, tuple[Column, ...]]:
    """See `ninefold.datasets.read`."""
    check_names(source)
    names = [name for name in source.names if name not in spec.drop]
    _check_references(spec, problem, source, names, derived, masked)
    rows, inferred = _scan(source, spec, names)
    if rows == 0:
        raise InputError(f"{source.title} must have rows, however: no rows follow the header")
    table = _parse(source, spec, inferred, _sample(rows, spec))
    columns = tuple(
        with_roles(found.column, problem, source.ids, source.after) for found in inferred
    )
    table = table.replace_schema_metadata({"notes": json.dumps(dict(source.notes))})
    for target in problem.targets:
        if target in names:
            alone, kind = problem.alone(target), _kind(columns, target)
            check_target(table[target], alone, kind, source.title)
    _check_time(columns, problem)
    _check_ahead(source, problem)
    return table, columns


def read_typed(source: Source, spec: DatasetSpec) -> tuple[pa.Table, tuple[Column, ...]]:
    """Read a whole source that is to become another: every column typed, no roles, no sample.

    Raises:
        InputError: the source cannot be read, or has no rows.
    """
    check_names(source)
    names = [name for name in source.names if name not in spec.drop]
    rows, inferred = _scan(source, spec, names)
    if rows == 0:
        raise InputError(f"{source.title} must have rows, however: no rows follow the header")
    return _parse(source, spec, inferred, None), tuple(found.column for found in inferred)


def check_names(source: Source) -> None:
    """Refuse names that are empty, reserved or given twice."""
    empty = [position for position, name in enumerate(source.names, 1) if not name.strip()]
    if empty:
        raise InputError(
            f"{source.title}: every column must have a name, however: column {empty[0]} has none. "
            "Name it in the header, or remove the lines above the header"
        )
    twice = [name for name, count in Counter(source.names).items() if count > 1]
    if twice:
        raise InputError(
            f"{source.title}: column names must differ, however: {_list(twice)} "
            f"{'stand' if len(twice) > 1 else 'stands'} there more than once. Rename them"
        )
    if ROW in source.names:
        raise InputError(f"{source.title}: column name `{ROW}` is reserved. Rename that column")


def _check_references(
    spec: DatasetSpec,
    problem: ProblemSpec,
    source: Source,
    names: list[str],
    derived: Collection[str],
    masked: Collection[str],
) -> None:
    """Refuse names in params.yaml that no column bears."""
    mistakes = []
    known = {*names, *derived}
    places: list[tuple[str, Iterable[str]]] = [
        ("ingest.drop", spec.drop),
        ("ingest.columns", spec.columns),
        ("problem.target", problem.targets),
        ("problem.time", [problem.time] if problem.time else []),
        ("problem.group", problem.group),
        ("problem.ids", problem.ids),
        ("problem.available_at", problem.available_at),
        ("validate.mask", [name for name in masked if name not in spec.drop]),
    ]
    for place, wanted in places:
        of_file = place.startswith("ingest")
        choices = [*source.names, *source.absent] if of_file else sorted(known)
        for name in wanted:
            if not of_file and source.absent.get(name):
                mistakes.append(f"params.yaml: {place}: {source.absent[name]}")
            elif name not in choices:
                mistakes.append(f"params.yaml: {place}: {_absent(name, source, choices)}")
    if mistakes:
        raise ConfigError("\n".join(mistakes))


def _absent(name: str, source: Source, names: Iterable[str]) -> str:
    return f"{source.title} has no column `{name}`{nearest(name, names)}"


def _scan(source: Source, spec: DatasetSpec, names: list[str]) -> tuple[int, list[Inferred]]:
    """Count the rows and decide what the columns are."""
    evidence = {}
    rows = 0
    unknown = [name for name in names if name not in source.known]
    positions = [source.names.index(name) for name in unknown]
    for batch in progress(source.batches(), f"look at {source.title}", unit="batches"):
        rows += batch.num_rows
        for name, position in zip(unknown, positions, strict=True):
            values = batch.column(position)
            if isinstance(values, pa.DictionaryArray):
                values = values.dictionary_decode()
            if name not in evidence:
                evidence[name] = gather(values.type)
            found = evidence[name]
            if isinstance(found, TextEvidence):
                found.add(values.cast(pa.string()), spec.missing, may_be_number=source.is_text)
            else:
                found.add(values)
    inferred = infer(evidence, spec.columns, source.has_decimal_comma)
    found_of = {item.column.name: item for item in inferred}
    found_of |= {name: Inferred(column) for name, column in source.known.items()}
    return rows, [found_of[name] for name in names if name in found_of]


def _sample(rows: int, spec: DatasetSpec) -> Array | None:
    """Return the positions to keep in source order, or None for all."""
    if spec.sample_rows is None or spec.sample_rows >= rows:
        return None
    chosen = np.random.default_rng(spec.seed).choice(rows, spec.sample_rows, replace=False)
    return np.asarray(np.sort(chosen))


def _parse(
    source: Source, spec: DatasetSpec, inferred: list[Inferred], sample: Array | None
) -> pa.Table:
    """Return the sampled rows, typed, with `ROW`."""
    chunks: list[list[pa.Array]] = [[] for _ in inferred]
    kept: list[Array] = []
    positions = [source.names.index(found.column.name) for found in inferred]
    start = 0
    for batch in progress(source.batches(), f"read {source.title}", unit="batches"):
        stop = start + batch.num_rows
        rows = np.arange(start, stop)
        if sample is not None:
            rows = sample[np.searchsorted(sample, start) : np.searchsorted(sample, stop)]
            batch = batch.take(pa.array(rows - start))
        for chunk, found, position in zip(chunks, inferred, positions, strict=True):
            chunk.append(_typed(batch.column(position), found, spec, rows, source))
        kept.append(rows)
        start = stop
    arrays = [pa.chunked_array([pa.array(rows, pa.int64()) for rows in kept])]
    arrays += [pa.chunked_array(same_type(chunk)) for chunk in chunks]
    return pa.Table.from_arrays(arrays, names=[ROW, *(f.column.name for f in inferred)])


def _typed(
    values: pa.Array, found: Inferred, spec: DatasetSpec, rows: Array, source: Source
) -> pa.Array:
    column = found.column
    parsed = parse(values, column, spec.missing)
    bad = unreadable(values, parsed, spec.missing)
    if bad.any() and not pa.types.is_floating(values.type):
        raise InputError(_unreadable_sentence(values, column, bad, rows, source))
    if column.kind == "bool" and parsed.null_count:
        first = int(rows[np.flatnonzero(np.asarray(parsed.is_null()))[0]])
        raise InputError(
            f"column `{column.name}` must have no missing values as bool, however: row {first} is "
            f"missing. Set `ingest: {{columns: {{{column.name!r}: {{kind: category}}}}}}`"
        )
    if found.is_integer and pa.types.is_floating(parsed.type):
        return parsed.cast(pa.int64())
    return parsed


def _unreadable_sentence(
    values: pa.Array, column: Column, bad: Array, rows: Array, source: Source
) -> str:
    first = int(np.flatnonzero(bad)[0])
    expected, value = f" ({column.format})" if column.format else "", values[first].as_py()
    why = doubt(value) if column.kind == "datetime" else ""
    return (
        f"{source.title}: column `{column.name}` must be {column.kind}{expected}, however: row "
        f"{int(rows[first])} (from 0) holds {str(value)[:60]!r}{why}. Correct "
        "ingest.columns in params.yaml, or add such cells to ingest.missing"
    )


def same_type(chunks: list[pa.Array]) -> list[pa.Array]:
    """Bring chunks to one type (a batch of nulls only may have come without one)."""
    types = {chunk.type for chunk in chunks}
    if len(types) == 1:
        return chunks
    widest = pa.float64() if pa.float64() in types else next(iter(sorted(types, key=str)))
    return [chunk.cast(widest) for chunk in chunks]


def with_roles(
    column: Column, problem: ProblemSpec, ids: Collection[str] = (), after: Collection[str] = ()
) -> Column:
    """Give a raw column the roles that the problem says it has; `ids` are identifiers as well, and
    `after` known only after the outcome.
    """
    name = column.name
    roles: set[Role] = set()
    ids = (*problem.ids, *ids)
    if name in problem.targets:
        roles.add("target")
    elif problem.is_after(name) or name in after:
        roles.add("after")
    elif name not in ids and name not in problem.group:
        roles.add("input")
    roles |= {"time"} if name == problem.time else set()
    roles |= {"group"} if name in problem.group else set()
    roles |= {"id"} if name in ids else set()
    return Column(name, column.kind, frozenset(roles), column.format)


def _kind(columns: tuple[Column, ...], name: str) -> str:
    return next(column.kind for column in columns if column.name == name)


def _check_time(columns: tuple[Column, ...], problem: ProblemSpec) -> None:
    for column in columns:
        if column.name == problem.time and column.kind not in ("datetime", "number"):
            raise InputError(
                f"params.yaml: problem.time must name a datetime or number column, however: "
                f"`{column.name}` is {column.kind}. Give its format: `ingest: {{columns: "
                f"{{{column.name!r}: {{kind: datetime, format: '%d.%m.%Y'}}}}}}`"
            )
        if column.name == problem.time and problem.horizon is not None:
            _check_horizon(problem, column.kind == "datetime")


def _check_horizon(problem: ProblemSpec, is_date: bool) -> None:
    if isinstance(problem.horizon, str) != is_date:
        rule = "a duration such as 7d" if is_date else f"a number in units of `{problem.time}`"
        kind = "dates" if is_date else "numbers"
        raise ConfigError(
            f"params.yaml: problem.horizon must be {rule}, because `{problem.time}` holds {kind}, "
            f"however: {problem.horizon_text}"
        )


def _check_ahead(source: Source, problem: ProblemSpec) -> None:
    """Refuse a problem that does not say how long a forecast's outcome is unknown."""
    if source.ahead is None:
        return
    time, ahead_us = source.ahead
    if problem.time != time:
        raise ConfigError(
            f"params.yaml: problem.time must be `{time}`, the time of a window's last step, "
            f"however: {problem.time or 'none is given'}"
        )
    told = problem.horizon
    if not isinstance(told, str) or duration_us(told) < ahead_us:
        hours = -(-ahead_us // HOUR_US)
        needed = f"{hours}h" if hours % 24 else f"{hours // 24}d"
        raise ConfigError(
            f"params.yaml: problem.horizon must be at least {needed}, since the values ahead of a "
            f"window are known only so long after its last step, however: {told}. A "
            "split by time leaves that gap before each boundary"
        )


def _list(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
