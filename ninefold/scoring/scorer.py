"""One run of a model over one source: reads, encodes and runs at the same time, in order."""

import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ninefold.columns import TENSORS
from ninefold.errors import InputError, nearest
from ninefold.pixels import to_cell
from ninefold.scoring.encoding import Encoder
from ninefold.scoring.marks import Marker
from ninefold.scoring.pictures import ROWS as PICTURE_ROWS
from ninefold.scoring.sources import Source
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Array, Model, concatenated, first_line
from ninefold.serving.rows import Rows
from ninefold.signature import NAT, Result

READ_ROWS, READ_CELLS = 16_384, 2**20
"""Rows, and cells of wide tables, read and encoded at once: each step has a fixed price."""
AHEAD = 2
"""Chunks encoded or run in advance, beside one per core."""
VERSION = "model_version"
Observer = Callable[[Mapping[str, Array], Mapping[str, Array]], Any]
"""Feeds and outputs of a chunk's rows that have a prediction -> what is to be remembered of it."""


class Chunk(NamedTuple):
    """Scored rows, how many of them have no prediction, flagged cells by kind and column, what the
    observer made of them, and the share of the source that is read so far.
    """

    batch: pa.RecordBatch
    failed: int
    flagged: Mapping[str, Mapping[str, int]]
    observed: Any
    share: float = 0.0


class Scorer:
    """One run over one source."""

    def __init__(
        self,
        model: Model,
        rows: Rows,
        source: Source,
        spec: ScoreSpec,
        observe: Observer | None = None,
    ) -> None:
        self.model, self.rows, self.source, self.spec = model, rows, source, spec
        self.observe = observe
        inputs = [cells.column for cells in rows.cells.values()]
        self.marker = Marker(inputs) if spec.with_flags else None
        self.keep = list(dict.fromkeys(source.names)) if spec.with_input else list(spec.keep)
        self.names = self._names()
        self._check_columns()
        path = source.path
        folder = path if path.is_dir() else path.parent
        self.encoder = Encoder(rows.signature, list(rows.cells), folder)
        self.columns = list(dict.fromkeys([*rows.cells, *self.keep]))

    @cached_property
    def schema(self) -> pa.Schema:
        """Return the columns of the output: those kept, then the predictions."""
        kept = [(name, self.source.type_of(name)) for name in self.keep]
        types = [
            _type(result, output.dtype)
            for result, output in zip(self.rows.told, self.model.outputs, strict=True)
            for _ in result.columns
        ]
        types += [pa.string()] * (len(self.names) - len(types))
        return pa.schema([*kept, *zip(self.names, types, strict=True)])

    def chunks(self, skip: int = 0) -> Iterator[Chunk]:
        """Yield the scored rows in order, without the first `skip`; some are under way at a time.

        Raises:
            InputError: a source that cannot be read, a bad cell, or rows the model refuses.
        """
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            waiting: deque[tuple[Future[Chunk], float]] = deque()
            try:
                for future, share in self._submitted(pool, waiting, skip):
                    yield future.result()._replace(share=share)
            finally:
                for future, _ in waiting:
                    future.cancel()

    def _submitted(
        self, pool: ThreadPoolExecutor, waiting: deque[tuple[Future[Chunk], float]], skip: int
    ) -> Iterator[tuple[Future[Chunk], float]]:
        """Yield the chunks' futures in order, a bounded number of them under way."""
        most, first = (os.cpu_count() or 1) + AHEAD, 0
        for batch, share in self.source.batches(self.columns, self._read_rows()):
            start, first = first, first + batch.num_rows
            if first <= skip:
                continue
            late = max(0, skip - start)
            waiting.append((pool.submit(self._chunk, start + late, batch.slice(late)), share))
            if len(waiting) >= most:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def _chunk(self, first: int, batch: pa.RecordBatch) -> Chunk:
        """Score the rows that start at position `first`."""
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
        mask = np.zeros(batch.num_rows, dtype=bool)
        mask[list(errors)] = True
        arrays = [batch.column(name) for name in self.keep]
        arrays += self._predictions(outputs, errors, mask)
        flagged: Mapping[str, Mapping[str, int]] = {}
        if self.marker is not None:
            marked, flagged = self.marker.mark(feeds, mask)
            arrays += marked
        if self.spec.with_version:
            arrays.append(pa.array([self.model.version] * batch.num_rows, pa.string()))
        scored = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        return Chunk(scored, len(errors), flagged, self._observed(feeds, outputs, ~mask))

    def _observed(
        self, feeds: Mapping[str, Array], outputs: Mapping[str, Array], good: Array
    ) -> Any:
        if self.observe is None:
            return None
        if good.all():
            return self.observe(feeds, outputs)
        kept = [{name: array[good] for name, array in part.items()} for part in (feeds, outputs)]
        return self.observe(*kept)

    def _read_rows(self) -> int:
        """Return how many rows are read at once: a multiple of those that run at once."""
        if any(item.kind in TENSORS for item in self.encoder.inputs):
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
        self, outputs: dict[str, Array], errors: dict[int, str], mask: Array
    ) -> list[pa.Array]:
        """Return the prediction columns, null under `mask`: in the rows that have an error."""
        arrays = [
            array
            for result, name in zip(self.rows.told, self.rows.outputs, strict=True)
            for array in _arrays(result, outputs[name], mask)
        ]
        if self.spec.on_error == "null":
            arrays.append(pa.array([errors.get(row) for row in range(len(mask))], pa.string()))
        return arrays

    def _names(self) -> list[str]:
        """Return the names of the prediction columns."""
        names = [name for result in self.rows.told for name in result.columns]
        if self.spec.on_error == "null":
            names.append("error")
        if self.marker is not None:
            names += self.marker.names
        if self.spec.with_version:
            names.append(VERSION)
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
    if result.kind == "image":
        return pa.string()
    return pa.string() if dtype is object else pa.from_numpy_dtype(dtype)


def _arrays(result: Result, values: Array, mask: Array) -> list[pa.Array]:
    """Return a result's columns, null under `mask` `(N,)` and where the model says nothing."""
    if result.kind == "numbers":
        return [pa.array(np.ascontiguousarray(column), mask=mask) for column in values.T]
    if result.kind == "image":
        return [pa.array([json.dumps(to_cell(picture)) for picture in values], mask=mask)]
    flat = values.ravel()
    if result.kind == "datetime":
        return [pa.array(flat, pa.int64(), mask=mask | (flat == NAT)).cast(pa.timestamp("us"))]
    if result.kind == "text":
        return [pa.array(flat, pa.string(), mask=mask | (flat == ""))]
    return [pa.array(flat, mask=mask)]


def _listed(items: Sequence[str], most: int = 10) -> str:
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + rest
