"""Runs ONNX graphs: the one place that says under which options.

Needs nothing but numpy and onnxruntime, so that a server runs a model exactly as the pipeline did.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.signature import Array

if TYPE_CHECKING:
    from ninefold.columns import Frame

CHUNK_ROWS = 65_536
TENSOR_CHUNK_ROWS = 1024
CHUNK_BYTES = 64 * 2**20
"""Tensors of so many bytes go through a graph at once."""


def session_options(arena: bool = False) -> Any:
    """Return the options under which every model runs: `onnxruntime.SessionOptions`.

    One thread per run and no spinning: runs share the cores, and a row gets the same numbers in
    any batch. Without `arena` the memory of a large request is given back after it; with it, it
    is kept for the next, which makes a stream of equal chunks faster (a network of 244,000
    parameters: 85 to 70 µs per row at 1,024 rows, 108 to 69 µs at 4,096).
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = arena
    options.log_severity_level = 4
    return options


def session(model: Any, arena: bool = False) -> Any:
    """Return an ONNX Runtime session for a `ModelProto` or its bytes; see `session_options`."""
    import onnxruntime

    content = model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(
        content, session_options(arena), providers=["CPUExecutionProvider"]
    )


class Lean:
    """A session that runs inputs as they are: whoever calls has checked that all are there.

    ONNX Runtime's own wrapper asks its model for every input's name and type at every run, some 25
    µs for 29 columns, as much as reading them from JSON.
    """

    def __init__(self, session: Any) -> None:
        self._names = [item.name for item in session.get_outputs()]
        self._run = getattr(getattr(session, "_sess", session), "run", session.run)

    def run(self, names: list[str] | None, feeds: Mapping[str, Array], options: Any = None) -> Any:
        """Return the outputs, in order. Raises whatever ONNX Runtime raises."""
        return self._run(names or self._names, feeds, options)


def run_chunks(
    session: Any, frame: "Frame", chunk_rows: int = CHUNK_ROWS
) -> Iterator[tuple[slice, list[Array]]]:
    """Yield the rows of each chunk with the graph's outputs for them, in output order."""
    names = [item.name for item in session.get_inputs()]
    if any(is_ragged(frame[name]) for name in names):
        chunk_rows = min(chunk_rows, TENSOR_CHUNK_ROWS)
    for start in range(0, len(frame), chunk_rows):
        stop = min(start + chunk_rows, len(frame))
        if names:
            yield slice(start, stop), run(session, frame.feeds(names, start, stop))


def outputs_of(session: Any, frame: "Frame") -> dict[str, Array]:
    """Return output name -> array of a graph's outputs for all rows of `frame`."""
    names = [item.name for item in session.get_outputs()]
    parts = [outputs for _, outputs in run_chunks(session, frame)]
    if not parts:
        return {name: np.empty(0) for name in names}
    return {name: stacked([part[i] for part in parts]) for i, name in enumerate(names)}


def run(session: Any, feeds: Mapping[str, Array], options: Any = None) -> list[Array]:
    """Run a graph on N rows and return its outputs, in order.

    A feed is a tensor, or an array of arrays `(N,)`, one per row: rows whose arrays are of equal
    sizes run together, a bounded number of bytes at a time. No row's outputs depend on the others.
    """
    ragged = [name for name, array in feeds.items() if array.ndim == 1 and is_ragged(array)]
    if not ragged:
        return list(session.run(None, feeds, options))
    groups = _alike([feeds[name] for name in ragged])
    parts: list[tuple[Array, list[Array]]] = []
    for rows in groups:
        part = {
            name: np.stack(array[rows].tolist()) if name in ragged else array[rows]
            for name, array in feeds.items()
        }
        parts.append((rows, list(session.run(None, part, options))))
    return parts[0][1] if len(parts) == 1 else joined(parts)


def joined(parts: "Sequence[tuple[Any, Sequence[Array]]]") -> list[Array]:
    """Return outputs of which each part holds some rows: `(rows, outputs)`.

    Where outputs differ in size (sequences), the shorter are filled up with zeros at the end.
    """
    count = sum(len(outputs[0]) for _, outputs in parts)
    found = []
    for position in range(len(parts[0][1])):
        arrays = [(rows, outputs[position]) for rows, outputs in parts]
        sizes = map(max, zip(*(values.shape[1:] for _, values in arrays), strict=True))
        whole = blank((count, *sizes), arrays[0][1].dtype)
        for rows, values in arrays:
            whole[(rows, *map(slice, values.shape[1:]))] = values
        found.append(whole)
    return found


def blank(shape: "tuple[int, ...]", dtype: Any) -> Array:
    """Return zeros, or empty texts."""
    return (
        np.full(shape, "", dtype=object)
        if np.dtype(dtype).kind == "O"
        else np.zeros(shape, dtype=dtype)
    )


def stacked(parts: "Sequence[Array]") -> Array:
    """Return outputs one below the other; shorter ones (sequences) are filled up at their ends."""
    if len({part.shape[1:] for part in parts}) == 1:
        return np.concatenate(parts)
    ends = np.cumsum([len(part) for part in parts])
    slices = [slice(int(end) - len(part), int(end)) for end, part in zip(ends, parts, strict=True)]
    return joined([(rows, [part]) for rows, part in zip(slices, parts, strict=True)])[0]


def is_ragged(array: Array) -> bool:
    """Tell whether an array holds an array per row."""
    return (
        array.ndim == 1 and array.dtype == object and len(array) > 0 and hasattr(array[0], "shape")
    )


def _alike(columns: list[Array]) -> list[Array]:
    """Return positions of rows that may run together, those of the first row first."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, cells in enumerate(zip(*columns, strict=True)):
        groups.setdefault(tuple(cell.shape for cell in cells), []).append(row)
    parts = []
    for rows in groups.values():
        size = sum(column[rows[0]].nbytes for column in columns)
        most = max(1, CHUNK_BYTES // max(1, size))
        parts += [np.asarray(rows[i : i + most]) for i in range(0, len(rows), most)]
    return parts
