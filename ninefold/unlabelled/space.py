"""The space in which rows are compared: features, and a coordinate for each level of a code.

Every column has a like say: numbers have variance 1, booleans and levels are 0 or 1 for each level,
so that a category's coordinates together have a variance of at most 1.
"""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.graph import Graph
from ninefold.preprocessing import Layout


def weights(X: Array, layout: Layout) -> Array:
    """Return what the train rows' coordinates are multiplied by: `(D,)` float32."""
    found = np.ones(widths(layout), dtype=np.float32)
    numbers = list(layout.continuous)
    spread = X[:, numbers].astype(np.float64).std(axis=0)
    found[numbers] = 1 / np.where(spread > 0, spread, 1.0)
    kinds = {column.name: column.kind for column in layout.columns}
    is_bool = [kinds[source] == "bool" for source in layout.sources]
    # -1 and 1 stand 2 apart, two levels of a category the root of 2.
    found[np.flatnonzero(is_bool)] = np.sqrt(0.5)
    return found


def widen(X: Array, codes: Array, layout: Layout, by: Array) -> Array:
    """Return `(N, D)` float32: features `(N, F)`, then 0 or 1 for each level of `codes (N, C)`.

    All multiplied by the weights `by (D,)`.
    """
    levels = [
        (codes[:, [i]] == np.arange(count)).astype(np.float32)
        for i, count in enumerate(layout.cardinalities)
    ]
    return np.concatenate([X, *levels], axis=1) * by


def widths(layout: Layout) -> int:
    """Return D."""
    return len(layout.features) + sum(layout.cardinalities)


def owners(layout: Layout) -> tuple[str, ...]:
    """Return the column `(D,)` behind each coordinate."""
    levels = [
        column
        for column, count in zip(layout.codes, layout.cardinalities, strict=True)
        for _ in range(count)
    ]
    return (*layout.sources, *levels)


def widening(layout: Layout, by: Array) -> Any:
    """Return the graph `X` float32 `[N, F]`, `codes` int64 `[N, C]` -> `scores` `[N, D]`."""
    graph = Graph("space")
    X = graph.input("X", np.float32, ("N", len(layout.features)))
    codes = graph.input("codes", np.int64, ("N", len(layout.codes)))
    parts = [X] if layout.features else []
    for i, count in enumerate(layout.cardinalities):
        code = graph.Gather(codes, np.array([i]), axis=1)
        parts.append(graph.cast(graph.Equal(code, np.arange(count)), np.float32))
    wide = graph.Mul(graph.Concat(*parts, axis=1), by.astype(np.float32))
    graph.output("scores", wide, np.float32, ("N", widths(layout)))
    return graph.model()
