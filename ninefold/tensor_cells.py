"""Cells that are arrays of their own, pictures and sequences: what each kind says of its cells, and
how Parquet holds them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ninefold import pixels, sequences

if TYPE_CHECKING:
    import pyarrow as pa

Array = np.ndarray[Any, Any]


class TensorKind(Protocol):
    """What the module of a kind offers."""

    def sizes(self, name: str, format: str | None, /) -> tuple[str | int, ...]:
        """Return the shape of a column as an input of a graph."""

    def cell_hashes(self, cells: Array, /) -> Array:
        """Return uint64 hashes `(N,)`; equal cells hash alike."""

    def summary_names(self, format: str | None, /) -> tuple[str, ...]:
        """Return the names of the numbers that tell of a cell."""

    def summaries(self, cells: Array, format: str | None, /) -> Array:
        """Return these numbers `(N, S)` float64."""

    def to_cell(self, cell: Array, /) -> Any:
        """Return a cell as JSON holds it."""

    def thumbnail(self, cell: Array, /) -> str:
        """Return a small picture of a cell as a data URI."""


TENSOR_KINDS: Mapping[str, TensorKind] = {"image": pixels, "sequence": sequences}
"""Kind of column -> the module that knows of its cells."""


def arrow_type(kind: str, channels: int = 1) -> "pa.DataType":
    """Return the Arrow type of a column of tensors."""
    import pyarrow as pa

    if kind == "sequence":
        return pa.large_list(pa.list_(pa.float64(), channels))
    sizes: list[Any] = [(name, pa.int32()) for name in ("height", "width", "channels")]
    return pa.struct([*sizes, ("pixels", pa.large_binary())])


def kind_of(type_: "pa.DataType") -> str | None:
    """Return the kind of cells that an Arrow type holds, None for plain values."""
    import pyarrow as pa

    if pa.types.is_struct(type_):
        return "image"
    return "sequence" if pa.types.is_large_list(type_) else None


def from_arrow(values: "pa.ChunkedArray | pa.Array", kind: str) -> Array:
    """Return cells `(N,)`; they share Arrow's memory."""
    import pyarrow as pa

    read = _sequences if kind == "sequence" else _pictures
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    return pixels.objects(cell for chunk in chunks for cell in read(chunk))


def to_arrow(cells: Array, kind: str) -> "pa.Array":
    """Return cells `(N,)` in Arrow's form."""
    import pyarrow as pa

    if kind == "sequence":
        depth = cells[0].shape[1] if len(cells) else 1
        steps = np.concatenate([np.empty((0, depth)), *cells])
        offsets = np.cumsum([0, *(len(cell) for cell in cells)])
        inner = pa.FixedSizeListArray.from_arrays(pa.array(steps.ravel()), depth)
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), inner)
    names = ("height", "width", "channels")
    parts = [pa.array([v.shape[i] for v in cells], pa.int32()) for i in range(len(names))]
    parts.append(pa.array([np.ascontiguousarray(v).tobytes() for v in cells], pa.large_binary()))
    return pa.StructArray.from_arrays(parts, fields=list(arrow_type(kind)))


def _pictures(chunk: "pa.Array") -> list[Array]:
    height, width, depth, content = chunk.flatten()
    sizes = zip(*(part.to_pylist() for part in (height, width, depth)), strict=True)
    return [
        np.frombuffer(cell.as_buffer(), dtype=np.uint8).reshape(size)
        for cell, size in zip(content, sizes, strict=True)
    ]


def _sequences(chunk: "pa.Array") -> list[Array]:
    counts = chunk.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    inner = chunk.flatten()
    depth = chunk.type.value_type.list_size
    steps = inner.flatten().to_numpy(zero_copy_only=False).reshape(-1, depth)
    return list(sequences.split(steps, counts))
