"""What a raw row must give: features and preprocessing as in training, the model in the library
that trained it, and numpy's head.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import DTYPES, Array, Column, Frame, Kind
from ninefold.graph import Graph
from ninefold.runtime import run_chunks, session

if TYPE_CHECKING:
    import onnx

    from ninefold.export.baseline import ExportedBaseline
    from ninefold.training import TrainedModel

KINDS: dict[int, Kind] = {11: "number", 8: "category", 9: "bool", 7: "datetime", 2: "image"}
"""ONNX element type -> the kind of column it carries."""


@dataclass(frozen=True)
class Reference:
    """The model in parts, as training has it."""

    model: "TrainedModel | ExportedBaseline"
    derive: Callable[[Frame], Frame]

    @staticmethod
    def of(featurize: "onnx.ModelProto", model: "TrainedModel | ExportedBaseline") -> "Reference":
        """Keep of `featurize` only what the model reads."""
        return Reference(model, derive_with(featurize, model.preprocessing.layout.columns))

    def predict(self, raw: Frame) -> Array:
        """Return probabilities `(N, K)`, values `(N,)`, or quantiles `(N, Q)`."""
        return self.model.head.whole(self.model.scores(self.derive(raw)))


def derive_with(featurize: "onnx.ModelProto", read: Sequence[Column]) -> Callable[[Frame], Frame]:
    """Return what adds those of the columns `read` to raw rows that `featurize` derives."""
    wanted = {column.name: column for column in read}
    infos = [info for info in featurize.graph.output if info.name in wanted]
    columns = tuple(wanted[info.name] for info in infos)
    if not columns:
        return lambda raw: raw
    graph = Graph("featurize")
    values = graph.inline(featurize)
    for column in columns:
        graph.output(column.name, values[column.name], DTYPES[column.kind], ("N", 1))
    running = session(graph.model())

    def derive(raw: Frame) -> Frame:
        parts = [outputs for _, outputs in run_chunks(running, raw)]
        for position, column in enumerate(columns):
            found = np.concatenate([part[position][:, 0] for part in parts])
            raw = raw.with_column(column, found)
        return raw

    return derive


def raw_frame(frame: Frame, inputs: "Sequence[onnx.ValueInfoProto]") -> Frame:
    """Return the columns that a model's graph inputs name, in their order."""
    return frame.select([info.name for info in inputs])
