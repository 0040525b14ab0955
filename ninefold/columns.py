"""A table between two stages: typed columns on disk (Parquet), plain numpy arrays in memory.

In memory every column is one array `(N,)` in the form the ONNX graphs take:

| kind | array | missing |
|---|---|---|
| number | float64 | NaN |
| category, text | object (str) | "" |
| bool | bool | never |
| datetime | int64, microseconds since 1970 | `NAT` |
| image | object (uint8 `(H, W, C)`, sizes may differ) | never |
| sequence | object (float64 `(T, C)`, T may differ) | never; NaN inside |
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ninefold import tensor_cells
from ninefold.errors import InputError
from ninefold.files import replacing
from ninefold.tensor_cells import TENSOR_KINDS

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["number", "category", "text", "bool", "datetime", "image", "sequence"]
Role = Literal["input", "derived", "target", "time", "group", "id", "after"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NAT = np.iinfo(np.int64).min
ROW = "_row"
"""The reserved column that holds a row's position in the source file, from 0."""
LOOKED_AT = 4096
"""Cells by which a text column is judged to repeat itself."""
Array = np.ndarray[Any, Any]

DTYPES: Mapping[Kind, Any] = {
    "number": np.float64,
    "category": object,
    "text": object,
    "bool": np.bool_,
    "datetime": np.int64,
    "image": np.uint8,
    "sequence": np.float64,
}
"""Kind -> element type of the column in a graph."""
TENSORS: frozenset[Kind] = frozenset({"image", "sequence"})
"""Kinds whose cells are tensors: one array per row."""


@dataclass(frozen=True)
class Column:
    """What is known of a column apart from its values.

    roles: `input` is a raw column known at prediction time, `derived` a row-wise computed one,
    `after` a raw one known only after the outcome; a column may have several (time and input).
    """

    name: str
    kind: Kind
    roles: frozenset[Role] = frozenset()
    format: str | None = None

    @property
    def is_tensor(self) -> bool:
        """Tell whether each cell is an array of its own."""
        return self.kind in TENSORS

    @property
    def shape(self) -> tuple[str | int, ...]:
        """The shape of the column as an input of a graph."""
        if self.is_tensor:
            return TENSOR_KINDS[self.kind].sizes(self.name, self.format)
        return ("N", 1)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "roles": sorted(self.roles),
            "format": self.format,
        }

    @staticmethod
    def from_json(content: Mapping[str, Any]) -> "Column":
        return Column(
            content["name"], content["kind"], frozenset(content["roles"]), content["format"]
        )


@dataclass(frozen=True)
class Frame:
    """Columns of equal length with the position of each row in the source.

    Shapes: every array in `data` and `row` is `(N,)`.
    """

    columns: tuple[Column, ...]
    data: Mapping[str, Array]
    row: Array = field(repr=False)

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, name: str) -> Array:
        return self.data[name]

    def column(self, name: str) -> Column:
        """Return the column called `name`. Raises `KeyError`."""
        return self._named[name]

    @cached_property
    def _named(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def having(self, *roles: Role) -> list[Column]:
        """Return the columns that bear any of `roles`, in order."""
        return [column for column in self.columns if column.roles & set(roles)]

    def take(self, index: Array) -> "Frame":
        """Return the rows at `index` (positions or a mask)."""
        return Frame(
            self.columns, {name: a[index] for name, a in self.data.items()}, self.row[index]
        )

    def select(self, names: Iterable[str]) -> "Frame":
        """Return the named columns only, in that order."""
        chosen = tuple(self.column(name) for name in names)
        return Frame(chosen, {c.name: self.data[c.name] for c in chosen}, self.row)

    def with_column(self, column: Column, values: Array) -> "Frame":
        """Return the frame with `column` added, or put in the place of its namesake."""
        others = tuple(c for c in self.columns if c.name != column.name)
        return replace(self, columns=(*others, column), data={**self.data, column.name: values})

    def feeds(
        self, names: Sequence[str], start: int = 0, stop: int | None = None
    ) -> dict[str, Array]:
        """Return rows `start:stop` of the named columns as feeds for `ninefold.runtime.run`:
        `(n, 1)`, or `(n,)` arrays of arrays.
        """
        tensors = {column.name for column in self.columns if column.is_tensor}
        parts = {name: self.data[name][start:stop] for name in names}
        return {n: part if n in tensors else part.reshape(-1, 1) for n, part in parts.items()}


def spread(count: int, most: int) -> Array:
    """Return at most `most` of `count` positions, evenly spread, the ends included.

    >>> spread(9, 3)
    array([0, 4, 8])
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def is_missing(kind: Kind, values: Array) -> Array:
    """Return the mask `(N,)` of missing values."""
    if kind == "number":
        return np.asarray(np.isnan(values))
    if kind == "datetime":
        return np.asarray(values == NAT)
    if kind == "bool" or kind in TENSORS:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(values == "")


def class_names(kind: Kind, values: Array) -> Array:
    """Return the classes `(N,)` as text: whole numbers without a point, booleans lower case."""
    if kind == "bool":
        return np.where(values, "true", "false").astype(object)
    if kind == "number":
        unique, inverse = np.unique(values, return_inverse=True)
        texts = [str(int(v)) if float(v).is_integer() else repr(float(v)) for v in unique]
        return np.asarray(texts, dtype=object)[inverse]
    return values.astype(object)


def to_array(values: "pa.ChunkedArray | pa.Array", kind: Kind) -> Array:
    """Convert an Arrow column into its in-memory form."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind == "number":
        return np.asarray(
            pc.fill_null(pc.cast(values, pa.float64(), safe=False), float("nan")).to_numpy()
        )
    if kind == "datetime":
        micros = pc.cast(pc.cast(values, pa.timestamp("us"), safe=False), pa.int64())
        return np.asarray(pc.fill_null(micros, NAT).to_numpy())
    if kind == "bool":
        return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)
    if kind in TENSORS:
        return tensor_cells.from_arrow(values, kind)
    text = pc.fill_null(pc.cast(values, pa.string()), "")
    parts = [_shared_strings(part) for part in getattr(text, "chunks", [text])]
    return np.concatenate(parts) if parts else np.empty(0, dtype=object)


def _shared_strings(text: "pa.Array") -> Array:
    """Return an object array; where strings repeat, equal ones are one object: less memory."""
    import pyarrow.compute as pc

    looked_at = text.slice(0, LOOKED_AT)
    if 2 * pc.count_distinct(looked_at).as_py() > len(looked_at):
        return np.asarray(text.to_numpy(zero_copy_only=False), dtype=object)
    coded = text.dictionary_encode()
    levels = np.asarray(coded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    return levels[coded.indices.to_numpy()] if len(levels) else np.empty(0, dtype=object)


def to_arrow(values: Array, kind: Kind) -> "pa.Array":
    """Convert an in-memory column into Arrow, missing values as null."""
    import pyarrow as pa

    if kind in TENSORS:
        return tensor_cells.to_arrow(values, kind)
    mask = is_missing(kind, values)
    if kind == "datetime":
        return pa.array(values, pa.int64(), mask=mask).cast(pa.timestamp("us"))
    types = {"number": pa.float64(), "bool": pa.bool_()}
    return pa.array(values, types.get(kind, pa.string()), mask=mask)


def to_frame(table: "pa.Table", columns: tuple[Column, ...]) -> Frame:
    """Convert an Arrow table that holds `ROW` and `columns` into its in-memory form."""
    data = {column.name: to_array(table[column.name], column.kind) for column in columns}
    return Frame(columns, data, np.asarray(table[ROW].to_numpy()))


def write_table(path: Path, table: "pa.Table", columns: Sequence[Column]) -> None:
    """Write an Arrow table that holds `ROW` and `columns`, with what is known of them."""
    import pyarrow.parquet as pq

    content = json.dumps([column.to_json() for column in columns], ensure_ascii=False)
    with replacing(path) as temporary:
        pq.write_table(
            table.select([ROW, *(column.name for column in columns)]).replace_schema_metadata(
                {"ninefold": content}
            ),
            temporary,
            compression="zstd",
        )


def write_frame(path: Path, frame: Frame) -> None:
    """Write a frame as Parquet."""
    import pyarrow as pa

    arrays = {ROW: pa.array(frame.row, pa.int64())}
    arrays |= {c.name: to_arrow(frame[c.name], c.kind) for c in frame.columns}
    write_table(path, pa.table(arrays), frame.columns)


def read_columns(path: Path) -> tuple[Column, ...]:
    """Read only what is known of the columns of a table. Raises `InputError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
        return tuple(Column.from_json(item) for item in json.loads(metadata[b"ninefold"]))
    except (pa.ArrowInvalid, KeyError, OSError) as error:
        raise InputError(f"{path} must be a table Ninefold wrote, however: {error}") from None


def read_frame(path: Path, names: Iterable[str] | None = None) -> Frame:
    """Read a table, or only the named columns of it. Raises `InputError`."""
    import pyarrow.parquet as pq

    columns = read_columns(path)
    if names is not None:
        wanted = set(names)
        columns = tuple(column for column in columns if column.name in wanted)
    return to_frame(pq.read_table(path, columns=[ROW, *(c.name for c in columns)]), columns)
