"""The answer of someone who never looks at a row."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.columns import Array

if TYPE_CHECKING:
    import onnx


class DummySpec(BaselineSpec):
    """How often each class occurs, or the mean: the same answer for every row."""

    title: ClassVar[str] = "constant guess"
    kind: Literal["dummy"] = "dummy"

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Count the classes, or take the mean, by weight."""
        layout = rows.layout
        if rows.target.task == "regression":
            constant = np.array([np.average(rows.y, weights=rows.weight)])
        else:
            counts = np.bincount(rows.y, weights=rows.weight, minlength=rows.target.outputs)
            constant = np.log(np.maximum(counts / counts.sum(), 1e-9))
        return _Constant(constant.astype(np.float32), len(layout.features), len(layout.codes))


class _Constant(Fitted):
    """Scores `(K,)` that do not depend on the row."""

    def __init__(self, constant: Array, features: int, codes: int) -> None:
        self.constant, self.features, self.codes = constant, features, codes

    def scores(self, X: Array, codes: Array) -> Array:
        return np.tile(self.constant, (len(X), 1))

    def to_onnx(self) -> "onnx.ModelProto":
        from ninefold.graph import Graph

        graph = Graph("dummy")
        x = graph.input("X", np.float32, ("N", self.features))
        codes = graph.input("codes", np.int64, ("N", self.codes))
        rows = graph.Shape(x if self.features else codes, start=0, end=1)
        shape = graph.Concat(rows, np.array([len(self.constant)]), axis=0)
        scores = graph.Expand(self.constant[None], shape)
        graph.output("scores", scores, np.float32, ("N", len(self.constant)))
        return graph.model()
