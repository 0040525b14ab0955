"""Reads fresh rows as training was typed, and tells the cells that are not what training had."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ninefold.clues import of_cells
from ninefold.columns import ROW, Array, Column
from ninefold.datasets import DatasetSpec
from ninefold.datasets.tables.parsing import TYPES, parse, unreadable
from ninefold.datasets.tables.reading import check_names, same_type
from ninefold.datasets.tables.source import Source
from ninefold.progress import progress

SHOWN, LENGTH, LOOKS = 5, 60, 200
MOST = 0.5
"""Where more cells than this share cannot be read, the column is another one."""


@dataclass
class Unread:
    """Cells of one column that are not what it holds: how many, and the first of them."""

    column: Column
    rows: int = 0
    count: int = 0
    cells: list[tuple[int, str]] = field(default_factory=list)
    looked_at: list[str] = field(default_factory=list)
    """Some of the cells as they stand there."""

    def add(self, values: pa.Array, bad: Array, start: int) -> None:
        """Count the cells `bad (N,)` of `values (N,)`, which begin with row `start`."""
        self.rows += len(bad)
        self.count += int(bad.sum())
        for at in np.flatnonzero(bad)[: SHOWN - len(self.cells)].tolist():
            value = values[at].as_py()
            text = "missing" if value is None else repr(str(value)[:LENGTH])
            self.cells.append((start + at, text))
        for at in np.flatnonzero(bad)[: LOOKS - len(self.looked_at)].tolist():
            if (value := values[at].as_py()) is not None:
                self.looked_at.append(str(value))

    @property
    def is_left_out(self) -> bool:
        """Tell whether nothing can be said of the column: most is unread, or it knows no gaps."""
        return self.count > MOST * self.rows or (self.column.kind == "bool" and self.count > 0)

    @property
    def looks(self) -> str:
        """What its cells look like instead, "" where they do not look alike."""
        return of_cells(self.looked_at, self.column.kind)

    def sentence(self, *, hides: bool) -> str:
        """Say rule, rows, values and what to do; no value where `hides`."""
        form = f" ({self.column.format})" if self.column.format else ""
        listed = ", ".join(f"row {row}" + f" ({text})" * (not hides) for row, text in self.cells)
        more = ", …" * (self.count > len(self.cells))
        looks = f"; they look like {self.looks}" if self.looks and not hides else ""
        left = "its rules were not checked" if self.is_left_out else "they count as missing here"
        return (
            f"column `{self.column.name}` must be {self.column.kind}{form}, however: {self.count} "
            f"of {self.rows} cells are not: {listed}{more}{looks}; {left}. Correct them, or "
            "ingest.columns or ingest.missing in params.yaml"
        )


def together(items: Sequence[Unread]) -> str:
    """Say of several columns in one sentence that their cells look alike, and what to do."""
    listed = ", ".join(f"`{item.column.name}` ({item.cells[0][1]})" for item in items)
    return (
        f"{len(items)} columns hold {items[0].looks} where training did not: {listed}; their rules "
        "were not checked. Write the file as training was, or ingest.columns in params.yaml as the "
        "file is"
    )


def read_fresh(
    source: Source, spec: DatasetSpec, trained: Iterable[Column]
) -> tuple[pa.Table, tuple[Column, ...], tuple[Unread, ...]]:
    """Read the columns of `trained` that a source has, typed as they were in training.

    Cells that are not what their column holds become missing. A column of which most are so is
    left out of the table.

    Args:
        spec: what it was opened by.

    Raises:
        InputError: the source cannot be read.
    """
    check_names(source)
    found = [Unread(column) for column in trained if column.name in source.names]
    positions = [source.names.index(item.column.name) for item in found]
    chunks: list[list[pa.Array]] = [[] for _ in found]
    rows = 0
    for batch in progress(source.batches(), f"read {source.title}", unit="batches"):
        for chunk, item, position in zip(chunks, found, positions, strict=True):
            values = batch.column(position)
            parsed = _parsed(values, item.column, spec)
            item.add(values, _bad(values, parsed, item.column, spec), rows)
            chunk.append(parsed)
        rows += batch.num_rows
    kept = [
        (item, chunk) for item, chunk in zip(found, chunks, strict=True) if not item.is_left_out
    ]
    arrays = [pa.array(np.arange(rows), pa.int64())]
    arrays += [pa.chunked_array(same_type(chunk)) for _, chunk in kept if chunk]
    columns = tuple(item.column for item, chunk in kept if chunk)
    table = pa.Table.from_arrays(arrays, names=[ROW, *(column.name for column in columns)])
    return table, columns, tuple(item for item in found if item.count)


def _parsed(values: pa.Array, column: Column, spec: DatasetSpec) -> pa.Array:
    """Parse cells; of a type that no cell of the column could have, all become null."""
    try:
        return parse(values, column, spec.missing)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(values), TYPES[column.kind])


def _bad(values: pa.Array, parsed: pa.Array, column: Column, spec: DatasetSpec) -> Array:
    """Return the mask `(N,)` of cells that could not be read, or are missing where none may be."""
    if column.kind == "bool":
        return np.asarray(parsed.is_null())
    if pa.types.is_floating(values.type) and column.kind != "datetime":
        return np.zeros(len(values), dtype=bool)
    return unreadable(values, parsed, spec.missing)
