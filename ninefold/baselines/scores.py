"""Design matrix and scores that several baselines share."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.tensors import LENGTH, emit_length

if TYPE_CHECKING:
    import onnx

    from ninefold.graph import Graph
    from ninefold.preprocessing import Layout
    from ninefold.target import Target


def log_softmax(logits: Array, classes: Array, outputs: int) -> Array:
    """Return log-probabilities `(N, K)` float32 from the logits `(N, k)` of the `classes` seen.

    A class that no row had gets what is left beside the others: a probability of 1e-9.
    """
    from scipy.special import log_softmax as normalised

    scores = np.full((len(logits), outputs), np.log(1e-9), dtype=np.float32)
    scores[:, classes] = normalised(logits, axis=1)
    return scores


def two_sided(decision: Array) -> Array:
    """Turn the decision values `(N,)` of two classes into logits `(N, 2)`; leave `(N, K)` alone."""
    return decision if decision.ndim == 2 else np.stack([-0.5 * decision, 0.5 * decision], axis=1)


def at_length(X: Array, layout: "Layout") -> Array:
    """Return `X` `(N, F)` with the words of each text as a vector of one length, however many there
    are, in double; without texts, the same.
    """
    X = X.astype(np.float64) if layout.words else X
    for first, count in layout.words.values():
        words = X[:, first : first + count]
        square = np.square(words).sum(axis=1, keepdims=True)
        words *= LENGTH / np.sqrt(np.maximum(square, np.finfo(np.float64).tiny))
    return X


def emit_at_length(graph: "Graph", x: str, layout: "Layout") -> str:
    """Add the nodes of `at_length`: float32 `[N, F]` -> float64 `[N, F]`."""
    x = graph.cast(x, np.float64)
    if not layout.words:
        return x
    counts = dict(layout.words.values())
    cuts = sorted({0, len(layout.features), *counts, *(i + n for i, n in counts.items())})
    parts = graph.node("Split", x, np.diff(cuts), outputs=len(cuts) - 1, axis=1)
    told = [
        emit_length(graph, part, counts[first], np.float64) if first in counts else part
        for first, part in zip(cuts, parts, strict=False)
    ]
    return graph.Concat(*told, axis=1)


def design(X: Array, codes: Array, layout: "Layout") -> Any:
    """Return `(N, F + sum of cardinalities)`: features, then one-hot codes; sparse if any."""
    X = at_length(X, layout)
    if codes.shape[1] == 0:
        return X.astype(np.float64, copy=False)
    from scipy import sparse

    ends = np.cumsum(layout.cardinalities)
    ones = np.ones(codes.shape, dtype=np.float32)
    values = np.concatenate([X, ones], axis=1, dtype=np.float32)
    columns = np.empty(values.shape, dtype=np.int32)
    columns[:, : X.shape[1]] = np.arange(X.shape[1])
    columns[:, X.shape[1] :] = X.shape[1] + codes + (ends - layout.cardinalities)
    there = values != 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    indices, values = columns[there], values[there].astype(np.float64)
    shape = (len(codes), X.shape[1] + int(ends[-1]))
    return sparse.csr_array((values, indices, starts.astype(np.int32)), shape=shape)


def join(X: Array, codes: Array) -> Array:
    """Return features and codes side by side, `(N, F + C)` float64."""
    return np.concatenate([X, codes], axis=1, dtype=np.float64)


def tree_graph(
    name: str, attributes: dict[str, Any], target: "Target", layout: "Layout"
) -> "onnx.ModelProto":
    """Return the graph of trees over features and codes side by side, `X`, `codes` -> `scores`."""
    from ninefold.graph import Graph

    graph = Graph(name)
    x = graph.input("X", np.float32, ("N", len(layout.features)))
    codes = graph.input("codes", np.int64, ("N", len(layout.codes)))
    rows = graph.Concat(graph.cast(x, np.float64), graph.cast(codes, np.float64), axis=1)
    raw = graph.TreeEnsembleRegressor(rows, **attributes)
    if target.is_binary:
        raw = graph.MatMul(raw, np.array([[-0.5, 0.5]], dtype=np.float32))
    if target.task == "classification":
        raw = graph.LogSoftmax(raw, axis=1)
    graph.output("scores", raw, np.float32, ("N", target.outputs))
    return graph.model()
