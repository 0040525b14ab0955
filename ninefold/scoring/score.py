"""Rows in, predictions out: reads, encodes, runs and writes at the same time, chunk by chunk."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from ninefold.config import Spec
from ninefold.errors import InputError, nearest
from ninefold.files import replacing
from ninefold.progress import progress
from ninefold.scoring.encoding import Encoder
from ninefold.scoring.pictures import FILE, FolderSource, with_pictures
from ninefold.scoring.pictures import ROWS as PICTURE_ROWS
from ninefold.scoring.sinks import check_sink, open_sink
from ninefold.scoring.sources import Source, open_source
from ninefold.serving.model import Array, Model, concatenated, first_line, read_model
from ninefold.serving.rows import Rows, replay
from ninefold.signature import NAT, Result

READ_ROWS, READ_CELLS = 16_384, 2**20
"""Rows, and cells of wide tables, read and encoded at once: each step has a fixed price."""
AHEAD = 2
"""Chunks encoded or run in advance, beside one per core."""


class ScoreSpec(Spec):
    """How a file is scored."""

    rows_per_chunk: int = Field(1024, ge=1, le=1_000_000)
    """Rows that go through the model at once; memory grows with it, not with the file."""
    keep: tuple[str, ...] = ()
    """Columns of the input that stand before the predictions."""
    with_input: bool = False
    """Keep all columns of the input."""
    prefix: str = ""
    """Put before the names of the prediction columns."""
    on_error: Literal["stop", "null"] = "stop"
    """A cell that cannot be read stops the run, or leaves its row without a prediction and says
    why in a column `error`."""
    encoding: str = "utf-8"
    """Character encoding of a text file."""
    image_path: str | None = None
    """Column that names the image files."""


@dataclass(frozen=True)
class Scored:
    """What was written: rows, and those of them without a prediction."""

    rows: int
    failed: int


def score(model_path: Path, source_path: Path, sink_path: Path, spec: ScoreSpec) -> Scored:
    """Write the predictions for every row of `source_path`, in order, to `sink_path`.

    The output takes its place when it is whole.

    Raises:
        InputError: a model or file that is wrong, columns that are missing, or a bad cell.
    """
    check_sink(sink_path)
    if sink_path.exists() and source_path.exists() and sink_path.samefile(source_path):
        raise InputError(f"OUTPUT must differ from INPUT, however: both are {sink_path}")
    model = read_model(model_path, arena=True)
    rows = Rows(model)
    if (fault := replay(model, rows)) is not None:
        raise InputError(f"model {model_path} must not be used: {fault}. Export it again")
    source = _open(source_path, rows, spec)
    if isinstance(source, FolderSource) and not spec.keep:
        spec = spec.model_copy(update={"keep": (FILE,)})
    scorer = _Scorer(model, rows, source, spec)
    with (
        replacing(sink_path) as temporary,
        open_sink(temporary, sink_path.name, scorer.schema) as sink,
    ):
        for _ in progress(scorer.write(sink), "predict", total=100, unit="%"):
            pass
    return Scored(scorer.done, scorer.failed)


def _open(path: Path, rows: Rows, spec: ScoreSpec) -> Source:
    inputs = [cells.column for cells in rows.cells.values()]
    wanted = [item.name for item in inputs if item.kind == "image"]
    if path.is_dir() and wanted:
        source: Source = FolderSource(path, wanted[0])
    else:
        source = open_source(path, rows.cells, spec.encoding)
    return with_pictures(source, inputs, spec.image_path)


class _Scorer:
    """One run over one source."""

    def __init__(self, model: Model, rows: Rows, source: Source, spec: ScoreSpec) -> None:
        self.model, self.rows, self.source, self.spec = model, rows, source, spec
        self.keep = list(dict.fromkeys(source.names)) if spec.with_input else list(spec.keep)
        self.names = self._names()
        self._check_columns()
        path = source.path
        folder = path if path.is_dir() else path.parent
        self.encoder = Encoder(rows.signature, list(rows.cells), folder)
        self.columns = list(dict.fromkeys([*rows.cells, *self.keep]))
        self.done = self.failed = 0

    @cached_property
    def schema(self) -> pa.Schema:
        """Return the columns of the output: those kept, then the predictions."""
        kept = [(name, self.source.type_of(name)) for name in self.keep]
        types = [
            _type(result, output.dtype)
            for result, output in zip(self.rows.told, self.model.outputs, strict=True)
            for _ in result.columns
        ]
        if self.spec.on_error == "null":
            types.append(pa.string())
        return pa.schema([*kept, *zip(self.names, types, strict=True)])

    def write(self, sink: Any) -> Iterator[int]:
        """Write all chunks in order; yield once for each percent of the file that is done."""
        percent = 0
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            waiting: deque[tuple[Future[tuple[pa.RecordBatch, int]], float]] = deque()
            try:
                for future, share in self._submitted(pool, waiting):
                    batch, failed = future.result()
                    sink.write_batch(batch)
                    self.done += batch.num_rows
                    self.failed += failed
                    for percent in range(percent, int(share * 100)):  # noqa: B020
                        yield percent
                    percent = max(percent, int(share * 100))
            finally:
                for future, _ in waiting:
                    future.cancel()

    def _submitted(
        self,
        pool: ThreadPoolExecutor,
        waiting: deque[tuple[Future[tuple[pa.RecordBatch, int]], float]],
    ) -> Iterator[tuple[Future[tuple[pa.RecordBatch, int]], float]]:
        """Yield the chunks' futures in order, a bounded number of them under way."""
        most, first = (os.cpu_count() or 1) + AHEAD, 0
        for batch, share in self.source.batches(self.columns, self._read_rows()):
            waiting.append((pool.submit(self._chunk, first, batch), share))
            first += batch.num_rows
            if len(waiting) >= most:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def _chunk(self, first: int, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, int]:
        """Score the rows that start at position `first`; return them and how many failed."""
        try:
            feeds, errors = self.encoder.encode(batch)
        except InputError as error:
            raise InputError(f"{self.source.path}: {error}") from None
        if errors and self.spec.on_error == "stop":
            row = min(errors)
            raise InputError(
                f"{self.source.path}: row {first + row} (from 0): {errors[row]}. Repair it, or "
                "leave such rows without a prediction with --on-error null"
            )
        try:
            outputs = self._run(feeds, batch.num_rows)
        except Exception as error:
            raise InputError(
                f"{self.source.path}: rows {first} to {first + batch.num_rows - 1}: the model "
                f"refused them: {first_line(error)}"
            ) from None
        arrays = [batch.column(name) for name in self.keep]
        arrays += self._predictions(outputs, errors, batch.num_rows)
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema), len(errors)

    def _read_rows(self) -> int:
        """Return how many rows are read at once: a multiple of those that run at once."""
        if any(item.kind == "image" for item in self.encoder.inputs):
            return min(self.spec.rows_per_chunk, PICTURE_ROWS)
        most = min(READ_ROWS, READ_CELLS // max(1, len(self.columns)))
        return self.spec.rows_per_chunk * max(1, most // self.spec.rows_per_chunk)

    def _run(self, feeds: dict[str, Array], count: int) -> dict[str, Array]:
        """Run the model over encoded rows, `rows_per_chunk` at a time."""
        size = self.spec.rows_per_chunk
        parts = [
            self.model.run({name: array[start : start + size] for name, array in feeds.items()})
            for start in range(0, count, size)
        ]
        return concatenated(parts) if len(parts) > 1 else parts[0]

    def _predictions(
        self, outputs: dict[str, Array], errors: dict[int, str], count: int
    ) -> list[pa.Array]:
        """Return the prediction columns, null in the rows that have an error."""
        mask = np.zeros(count, dtype=bool)
        mask[list(errors)] = True
        arrays = [
            array
            for result, name in zip(self.rows.told, self.rows.outputs, strict=True)
            for array in _arrays(result, outputs[name], mask)
        ]
        if self.spec.on_error == "null":
            arrays.append(pa.array([errors.get(row) for row in range(count)], pa.string()))
        return arrays

    def _names(self) -> list[str]:
        """Return the names of the prediction columns."""
        names = [name for result in self.rows.told for name in result.columns]
        if self.spec.on_error == "null":
            names.append("error")
        return [f"{self.spec.prefix}{name}" for name in names]

    def _check_columns(self) -> None:
        path, names = self.source.path, self.source.names
        for wanted, reason in ((list(self.rows.cells), "the model takes"), (self.keep, "--keep")):
            missing = [f"`{name}`{nearest(name, names)}" for name in wanted if name not in names]
            if missing:
                raise InputError(f"{path}: columns {reason} are missing: {_listed(missing)}")
        taken = set(self.keep) & set(self.names)
        if taken:
            raise InputError(
                f"{path}: column `{min(taken)}` bears the name of a prediction. Set the "
                "predictions apart with --prefix"
            )


def _type(result: Result, dtype: Any) -> pa.DataType:
    """Return the type of a result's columns, by what the model gives."""
    if result.kind == "datetime":
        return pa.timestamp("us")
    return pa.string() if dtype is object else pa.from_numpy_dtype(dtype)


def _arrays(result: Result, values: Array, mask: Array) -> list[pa.Array]:
    """Return a result's columns, null under `mask` `(N,)` and where the model says nothing."""
    if result.kind == "numbers":
        return [pa.array(np.ascontiguousarray(column), mask=mask) for column in values.T]
    flat = values.ravel()
    if result.kind == "datetime":
        return [pa.array(flat, pa.int64(), mask=mask | (flat == NAT)).cast(pa.timestamp("us"))]
    if result.kind == "text":
        return [pa.array(flat, pa.string(), mask=mask | (flat == ""))]
    return [pa.array(flat, mask=mask)]


def _listed(items: Sequence[str], most: int = 10) -> str:
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + rest
