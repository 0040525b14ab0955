"""A baseline for several targets: one of its kind for each of them."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.dummy import DummySpec
from ninefold.columns import Array
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx


def fit_several(spec: BaselineSpec, rows: TrainRows, seed: int) -> Fitted:
    """Fit `spec` to each column of `rows.y` `(N, T)`; a label that all rows share is counted."""
    parts = []
    for one, y in zip(rows.target.each, rows.y.T, strict=True):
        is_constant = rows.target.is_labels and len(np.unique(y)) < 2
        kind = DummySpec() if is_constant else spec
        parts.append(kind.fit(replace(rows, y=np.ascontiguousarray(y), target=one), seed))
    return _Several(parts, rows.target)


class _Several(Fitted):
    """One fitted baseline for each target."""

    def __init__(self, parts: list[Fitted], target: Target) -> None:
        self.parts, self.target = parts, target

    def scores(self, X: Array, codes: Array) -> Array:
        """Return `(N, T)` float32: standardised values, or log-odds of the labels."""
        found = [part.scores(X, codes) for part in self.parts]
        if self.target.is_labels:
            found = [part[:, 1:] - part[:, :1] for part in found]
        return np.concatenate(found, axis=1)

    def to_onnx(self) -> "onnx.ModelProto":
        from ninefold.graph import Graph

        graph = Graph("several")
        found = []
        for part in self.parts:
            scores = graph.inline(part.to_onnx())["scores"]
            if self.target.is_labels:
                ends = [graph.Gather(scores, np.array([code]), axis=1) for code in (0, 1)]
                scores = graph.Sub(ends[1], ends[0])
            found.append(scores)
        joined = graph.Concat(*found, axis=1)
        graph.output("scores", joined, np.float32, ("N", len(self.parts)))
        return graph.model()
