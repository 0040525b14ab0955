"""Parts of a job -> the file they belong to; its bytes do not tell where the parts ended."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ninefold.errors import InputError
from ninefold.files import replacing
from ninefold.scoring.kept import Kept
from ninefold.scoring.sinks import open_sink

ROWS = 65_536
"""Rows written at once."""
SOURCE = "source"
"""Column that says which of several sources a row is from."""
Parts = Mapping[str, Sequence[Mapping[str, Any]]]
"""Source -> the lines of its parts."""


def assemble(kept: Kept, path: Path, parts: Parts) -> None:
    """Write the parts of one source, or of several with a column `source`, to `path`.

    A kept column that is of another type in each source is written as text.

    Raises:
        InputError: sources whose kept columns differ, or that have a column `source`.
    """
    schema = _schema({name: kept.schema(found[0]) for name, found in parts.items()})
    with replacing(path) as temporary, open_sink(temporary, path.name, schema) as sink:
        for batch in _even(_batches(kept, parts, schema)):
            sink.write_batch(batch)


def _schema(schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """Return the columns of the file."""
    first, schema = next(iter(schemas.items()))
    for name, other in schemas.items():
        if other.names != schema.names:
            raise InputError(
                f"sources in one OUTPUT must have the same kept columns, however: {name} differs "
                f"from {first}. Name a folder as OUTPUT"
            )
    if len(schemas) == 1:
        return schema
    if SOURCE in schema.names:
        raise InputError(
            f"the kept columns must leave `{SOURCE}` free, however: the sources have it. Name a "
            "folder as OUTPUT"
        )
    types = [
        {other.field(place).type for other in schemas.values()} for place in range(len(schema))
    ]
    fields = [
        (name, found.pop() if len(found) == 1 else pa.string())
        for name, found in zip(schema.names, types, strict=True)
    ]
    return pa.schema([(SOURCE, pa.string()), *fields])


def _batches(kept: Kept, parts: Parts, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the rows in order with the columns of `schema`."""
    for name, found in parts.items():
        for batch in kept.read(found):
            arrays = list(batch.columns)
            if len(arrays) < len(schema):
                arrays = [pa.array([name] * batch.num_rows, pa.string()), *arrays]
            cast = [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(cast, schema=schema)


def _even(batches: Iterator[pa.RecordBatch], rows: int = ROWS) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of `rows`, the last one of what is left."""
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        while batch.num_rows:
            head = batch.slice(0, rows - count)
            batch = batch.slice(head.num_rows)
            waiting.append(head)
            count += head.num_rows
            if count == rows:
                yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()
                waiting, count = [], 0
    if waiting:
        yield from pa.Table.from_batches(waiting).combine_chunks().to_batches()
