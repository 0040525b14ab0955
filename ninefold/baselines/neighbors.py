"""Nearest neighbours: a row is answered as the train rows most like it were."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.baselines.base import BaselineSpec, Fitted, TrainRows
from ninefold.baselines.scores import at_length, emit_at_length
from ninefold.columns import Array
from ninefold.target import Target

if TYPE_CHECKING:
    import onnx

    from ninefold.preprocessing import Layout

WIDTHS = np.geomspace(0.05, 3.0, 9)
"""Widths tried, in median squared distances to the nearest row."""
JUDGED = 1000
LEAST = 1e-6


class NeighborsSpec(BaselineSpec):
    """Neighbours weighted by a Gaussian kernel (Nadaraya and Watson, 1964) on features, such as
    the pixels of pictures, and one-hot codes; the kernel's width is chosen on the train rows, each
    left out in turn.
    """

    title: ClassVar[str] = "nearest neighbours"
    kind: Literal["neighbors"] = "neighbors"
    is_default: ClassVar[bool] = False
    max_rows: int = Field(5000, ge=2, le=100_000)
    """Train rows that are kept, drawn at random; the model's size grows with them."""

    def fit(self, rows: TrainRows, seed: int) -> Fitted:
        """Keep train rows and choose the width."""
        rng = np.random.default_rng(seed)
        chosen = np.arange(len(rows.y))
        if len(chosen) > self.max_rows:
            chosen = np.sort(rng.choice(chosen, self.max_rows, replace=False))
        known = one_hot(rows.X[chosen], rows.codes[chosen], rows.layout)
        weight = rows.weight[chosen]
        if rows.target.task == "regression":
            answers = rows.y[chosen][:, None]
        else:
            answers = np.eye(rows.target.outputs)[rows.y[chosen]]
        judged = rng.permutation(len(known))[:JUDGED]
        width = _width(known, answers, np.log(weight), judged, rows.target)
        return _Neighbors(known, answers, np.log(weight), width, rows.target, rows.layout)


def one_hot(X: Array, codes: Array, layout: "Layout") -> Array:
    """Return features and one-hot codes `(N, F + sum of cardinalities)` float64."""
    parts = [at_length(X, layout).astype(np.float64, copy=False)]
    parts += [np.eye(size)[codes[:, i]] for i, size in enumerate(layout.cardinalities)]
    return np.concatenate(parts, axis=1)


def _width(known: Array, answers: Array, bias: Array, judged: Array, target: Target) -> float:
    """Return the width best for the rows `judged`, each without itself."""
    squares = _squares(known[judged], known)
    squares[np.arange(len(judged)), judged] = np.inf
    scale = max(float(np.median(squares.min(axis=1))), 1e-9)
    losses = []
    for factor in WIDTHS:
        found = _weights(-squares / (factor * scale) + bias) @ answers
        wanted = answers[judged]
        if target.task == "regression":
            losses.append(float(((found - wanted) ** 2).mean()))
        else:
            right = (found * wanted).sum(axis=1)
            losses.append(float(-np.log(np.maximum(right, LEAST)).mean()))
    return float(WIDTHS[int(np.argmin(losses))] * scale)


def _squares(rows: Array, known: Array) -> Array:
    """Return squared distances `(n, M)`."""
    found = (rows**2).sum(axis=1)[:, None] - 2.0 * rows @ known.T + (known**2).sum(axis=1)
    return np.asarray(np.maximum(found, 0.0))


def _weights(closeness: Array) -> Array:
    exponents = np.exp(closeness - closeness.max(axis=1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=1, keepdims=True))


class _Neighbors(Fitted):
    """Rows kept `(M, D)`, their answers `(M, K)` and log weights `(M,)`."""

    def __init__(
        self,
        known: Array,
        answers: Array,
        bias: Array,
        width: float,
        target: Target,
        layout: "Layout",
    ) -> None:
        self.known, self.answers, self.bias, self.width = known, answers, bias, width
        self.target, self.layout = target, layout

    def scores(self, X: Array, codes: Array) -> Array:
        rows = one_hot(X, codes, self.layout)
        parts = [
            _weights(-_squares(rows[i : i + JUDGED], self.known) / self.width + self.bias)
            @ self.answers
            for i in range(0, len(rows), JUDGED)
        ]
        found = np.concatenate(parts) if parts else np.empty((0, self.answers.shape[1]))
        if self.target.task == "regression":
            return np.asarray(found, dtype=np.float32)
        return np.log(np.maximum(found, LEAST)).astype(np.float32)

    def to_onnx(self) -> "onnx.ModelProto":
        from ninefold.graph import Graph

        graph = Graph("neighbors")
        x = graph.input("X", np.float32, ("N", len(self.layout.features)))
        codes = graph.input("codes", np.int64, ("N", len(self.layout.codes)))
        parts = [emit_at_length(graph, x, self.layout)]
        for number, size in enumerate(self.layout.cardinalities):
            parts.append(graph.Gather(np.eye(size), graph.Gather(codes, np.array(number), axis=1)))
        rows = graph.Concat(*parts, axis=1)
        product = graph.MatMul(rows, 2.0 * self.known.T / self.width)
        # The row's own square is the same for all neighbours: softmax does not see it.
        closeness = graph.Add(product, self.bias - (self.known**2).sum(axis=1) / self.width)
        found = graph.MatMul(graph.Softmax(closeness, axis=1), self.answers)
        if self.target.task == "classification":
            found = graph.Log(graph.Max(found, np.float64(LEAST)))
        scores = graph.cast(found, np.float32)
        graph.output("scores", scores, np.float32, ("N", self.answers.shape[1]))
        return graph.model()
