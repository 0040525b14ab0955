"""Distances to points, in numpy and as nodes, in the same steps."""

from typing import Any

import numpy as np

from ninefold.columns import Array


def distances(z: Array, points: Array) -> Array:
    """Return Euclidean distances `(N, P)` of `z (N, D)` to `points (P, D)`, all float64."""
    middle = points.mean(axis=0)
    z, points = z - middle, points - middle
    squares = (z * z).sum(axis=1, keepdims=True) - 2 * (z @ points.T) + (points**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


def emit_distances(graph: Any, z: str, points: Array) -> str:
    """Add the nodes; `z` is double `[N, D]`. Returns `[N, P]`."""
    middle = points.mean(axis=0)
    points = points - middle
    centred = graph.Sub(z, middle)
    own = graph.MatMul(graph.Mul(centred, centred), np.ones((points.shape[1], 1)))
    crossed = graph.MatMul(centred, -2.0 * points.T)
    squares = graph.Add(graph.Add(own, crossed), (points**2).sum(axis=1))
    return str(graph.Sqrt(graph.Max(squares, np.zeros(1))))
