"""One chunk of rows -> its predictions, wherever it is worked out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ninefold.errors import InputError
from ninefold.pixels import to_cell
from ninefold.runtime import stacked
from ninefold.scoring.encoding import Encoder
from ninefold.scoring.marks import Marker
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Array, Model, first_line
from ninefold.serving.rows import Rows
from ninefold.serving.tags import labels_of, numbers_of
from ninefold.signature import NAT, Result

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


@dataclass(frozen=True)
class Order:
    """What is to be made of a source's rows: where it lies, how it is scored, and the columns of it
    that stand before the predictions, with their types.
    """

    path: Path
    spec: ScoreSpec
    kept: tuple[tuple[str, pa.DataType], ...]


class Chunker:
    """Scores the chunks of one source."""

    def __init__(
        self, model: Model, rows: Rows, order: Order, observe: Observer | None = None
    ) -> None:
        self.model, self.rows, self.order, self.observe = model, rows, order, observe
        self.spec, self.path = order.spec, order.path
        inputs = [cells.column for cells in rows.cells.values()]
        self.marker = Marker(inputs, model.words) if self.spec.with_flags else None
        self.names = self._names()
        folder = self.path if self.path.is_dir() else self.path.parent
        self.encoder = Encoder(rows.signature, list(rows.cells), folder, model.masked)

    @cached_property
    def schema(self) -> pa.Schema:
        """Return the columns of the output: those kept, then the predictions."""
        types = [
            _type(result, output.dtype)
            for result, output in zip(self.rows.told, self.model.outputs, strict=True)
            for _ in result.columns
        ]
        types += [pa.string()] * (len(self.names) - len(types))
        return pa.schema([*self.order.kept, *zip(self.names, types, strict=True)])

    def __call__(self, first: int, batch: pa.RecordBatch) -> Chunk:
        """Score the rows that start at position `first`.

        Raises:
            InputError: a bad cell, or rows the model refuses.
        """
        try:
            feeds, errors = self.encoder.encode(batch)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from None
        if errors and self.spec.on_error == "stop":
            row = min(errors)
            raise InputError(
                f"{self.path}: row {first + row} (from 0): {errors[row]}. Repair it, or "
                "leave such rows without a prediction with --on-error null"
            )
        try:
            outputs = self._run(feeds, batch.num_rows)
        except Exception as error:
            raise InputError(
                f"{self.path}: rows {first} to {first + batch.num_rows - 1}: the model "
                f"refused them: {first_line(error)}"
            ) from None
        mask = np.zeros(batch.num_rows, dtype=bool)
        mask[list(errors)] = True
        arrays = [batch.column(name) for name, _ in self.order.kept]
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

    def _run(self, feeds: dict[str, Array], count: int) -> dict[str, Array]:
        """Run the model over encoded rows, `rows_per_chunk` at a time."""
        size = self.spec.rows_per_chunk
        parts = [
            self.model.run({name: array[start : start + size] for name, array in feeds.items()})
            for start in range(0, count, size)
        ]
        return {name: stacked([part[name] for part in parts]) for name in parts[0]}

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


def _type(result: Result, dtype: Any) -> pa.DataType:
    """Return the type of a result's columns, by what the model gives."""
    if result.kind == "datetime":
        return pa.timestamp("us")
    if result.kind in ("image", "tags", "steps"):
        return pa.string()
    return pa.string() if dtype is object else pa.from_numpy_dtype(dtype)


def _arrays(result: Result, values: Array, mask: Array) -> list[pa.Array]:
    """Return a result's columns, null under `mask` `(N,)` and where the model says nothing."""
    if result.kind == "numbers":
        values = values.reshape(len(values), -1)
        return [pa.array(np.ascontiguousarray(column), mask=mask) for column in values.T]
    if result.kind == "tags":
        lists = [json.dumps(labels, ensure_ascii=False) for labels in labels_of(values)]
        return [pa.array(lists, pa.string(), mask=mask)]
    if result.kind == "steps":
        rows = [numbers_of(row) for row in values]
        columns = range(len(result.names))
        return [pa.array([json.dumps(r[:, c].tolist()) for r in rows], pa.string(), mask=mask)
                for c in columns]  # fmt: skip
    if result.kind == "image":
        return [pa.array([json.dumps(to_cell(picture)) for picture in values], mask=mask)]
    flat = values.ravel()
    if result.kind == "datetime":
        return [pa.array(flat, pa.int64(), mask=mask | (flat == NAT)).cast(pa.timestamp("us"))]
    if result.kind == "text":
        return [pa.array(flat, pa.string(), mask=mask | (flat == ""))]
    return [pa.array(flat, mask=mask)]
