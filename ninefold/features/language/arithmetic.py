"""Arithmetic on doubles as graph nodes, with Python's meaning of // and %."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from ninefold.features.values import Value

if TYPE_CHECKING:
    from ninefold.graph import Graph


def modulo(graph: "Graph", left: Value, right: Value) -> str:
    """Return the remainder, with the divisor's sign."""
    rest = graph.Mod(left.ref, right.ref, fmod=1)
    differs = graph.Xor(graph.Less(rest, 0.0), graph.Less(right.ref, 0.0))
    is_off = graph.And(differs, graph.Not(graph.Equal(rest, 0.0)))
    return graph.Where(is_off, graph.Add(rest, right.ref), rest)


def floor_divide(graph: "Graph", left: Value, right: Value) -> str:
    """Return the quotient rounded down, consistent with `modulo`."""
    whole = graph.Sub(left.ref, modulo(graph, left, right))
    return graph.Round(graph.Div(whole, right.ref))


def power(graph: "Graph", left: Value, right: Value) -> str:
    """Return the power.

    Squares and cubes are products: ONNX Runtime's Pow takes another way for them in a batch than
    for a row alone.
    """
    if right.literal in (2, 3):
        square = graph.Mul(left.ref, left.ref)
        return square if right.literal == 2 else graph.Mul(square, left.ref)
    if right.is_literal:
        return graph.Pow(left.ref, right.ref)
    # A row alone would pass as a scalar exponent, with shortcuts of its own for 2 and 3.
    pairs = (graph.Concat(_column(graph, item.ref, other.ref), _ones(graph, item.ref, other.ref),
                          axis=1) for item, other in ((left, right), (right, left)))  # fmt: skip
    return graph.Gather(graph.Pow(*pairs), np.array([0]), axis=1)


def _column(graph: "Graph", value: str, other: str) -> str:
    """Return `value` as `[N, 1]`, where it or `other` is."""
    return graph.Where(graph.Equal(other, other), value, value)


def _ones(graph: "Graph", value: str, other: str) -> str:
    column = _column(graph, value, other)
    return graph.Where(graph.Equal(column, column), 1.0, 1.0)


BINARY: Mapping[str, Callable[["Graph", Value, Value], str]] = {
    "+": lambda graph, left, right: graph.Add(left.ref, right.ref),
    "-": lambda graph, left, right: graph.Sub(left.ref, right.ref),
    "*": lambda graph, left, right: graph.Mul(left.ref, right.ref),
    "/": lambda graph, left, right: graph.Div(left.ref, right.ref),
    "//": floor_divide,
    "%": modulo,
    "**": power,
}
"""Sign -> nodes."""
