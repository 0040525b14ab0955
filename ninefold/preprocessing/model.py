"""Fitted preprocessing: a graph and what its outputs are."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.errors import InputError
from ninefold.files import read_json, replacing, write_json
from ninefold.preprocessing.layout import Layout
from ninefold.runtime import CHUNK_ROWS, joined, run_chunks, session

GRAPH, LAYOUT = "preprocess.onnx", "layout.json"
TEXT_CHUNK_ROWS = 4096
"""Rows at a time where texts are split into words, each padded to the longest."""


@dataclass(frozen=True)
class Preprocessing:
    """Feature columns -> X float32 `(N, F)`, codes int64 `(N, C)`, and the tensors of the layout.

    model: inputs are the columns that are read, `[N, 1]` each (pictures `[N, H, W, C]`, sequences
    `[N, T, C]`); outputs X, codes and tensors, in this order.
    """

    model: Any
    layout: Layout

    @cached_property
    def _session(self) -> Any:
        return session(self.model)

    def transform(self, frame: Frame) -> tuple[Array, ...]:
        """Return X, codes and tensors of every row; shorter sequences are filled up with zeros.

        Raises `InputError` if a column is missing.
        """
        shapes: list[tuple[tuple[int, ...], Any]]
        shapes = [((len(self.layout.features),), np.float32), ((len(self.layout.codes),), np.int64)]
        shapes += [(tensor.shape, tensor.dtype) for tensor in self.layout.tensors]
        if any(-1 in shape for shape, _ in shapes) and len(frame):
            return tuple(joined([(rows, parts) for rows, *parts in self.chunks(frame)]))
        found = tuple(
            np.empty((len(frame), *np.maximum(shape, 0).astype(int)), dtype=dtype)
            for shape, dtype in shapes
        )
        for rows, *parts in self.chunks(frame):
            for whole, part in zip(found, parts, strict=True):
                whole[rows] = part
        return found

    def flattened(self, *, counted: bool = False) -> "Preprocessing":
        """Return the same for models that take a table of numbers: tensors are features of X.

        Args:
            counted: words of texts tell how often they are there; else each text is of one length.
        """
        from ninefold.preprocessing.flattening import flattened

        return flattened(self, counted=counted)

    def chunks(self, frame: Frame, chunk_rows: int = CHUNK_ROWS) -> Iterator[tuple[Any, ...]]:
        """Yield rows, X, codes and tensors chunk by chunk."""
        self._check(frame)
        if any(column.kind == "text" for column in self.layout.columns):
            chunk_rows = min(chunk_rows, TEXT_CHUNK_ROWS)
        for rows, outputs in run_chunks(self._session, frame, chunk_rows):
            yield rows, *outputs

    def _check(self, frame: Frame) -> None:
        kinds = {column.name: column.kind for column in frame.columns}
        for column in self.layout.columns:
            if kinds.get(column.name) != column.kind:
                found = kinds.get(column.name, "missing")
                raise InputError(
                    f"column `{column.name}` must be a {column.kind} column as in training, "
                    f"however: it is {found}"
                )

    def save(self, folder: Path) -> None:
        """Write `preprocess.onnx` and `layout.json`."""
        with replacing(folder / GRAPH) as temporary:
            temporary.write_bytes(self.model.SerializeToString(deterministic=True))
        write_json(folder / LAYOUT, self.layout.to_json())

    @staticmethod
    def load(folder: Path) -> "Preprocessing":
        """Read what `save` wrote. Raises `InputError` when it is missing or damaged."""
        import onnx

        layout = Layout.from_json(read_json(folder / LAYOUT))
        try:
            model = onnx.load_model_from_string((folder / GRAPH).read_bytes())
        except (OSError, ValueError, onnx.checker.ValidationError) as error:
            raise InputError(f"{folder / GRAPH} cannot be read: {error}. Run again") from None
        return Preprocessing(model, layout)
