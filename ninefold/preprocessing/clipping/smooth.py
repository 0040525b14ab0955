"""A soft limit, and the way back: in NumPy and as nodes of a graph."""

from typing import Any, ClassVar, Literal

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.clipping import ClipperSpec

LIMIT = 3.0
"""What the squeezed value stays below."""


class SmoothSpec(ClipperSpec):
    """The scaled value x becomes x / sqrt(1 + (x / 3)²), which stays between -3 and 3.

    Source: Holzmüller et al., "Better by default: strong pre-tuned MLPs" (RealMLP), 2024.
    """

    kind: Literal["smooth"] = "smooth"
    is_smooth: ClassVar[bool] = True


def emit_squeezed(graph: Any, value: str) -> str:
    """Add the nodes that squeeze a value: x / sqrt(1 + (x / 3)²)."""
    third = graph.Div(value, LIMIT)
    return str(graph.Div(value, graph.Sqrt(graph.Add(graph.Mul(third, third), 1.0))))


def straightened(value: Array, most: float) -> Array:
    """Return what squeezed values were, those beyond ±`most` (below 3) as if they were there."""
    value = np.clip(value, -most, most)
    return np.asarray(value / np.sqrt(1.0 - np.square(value / LIMIT)))


def emit_straightened(graph: Any, value: str, most: float) -> str:
    """Add the nodes that do what `straightened` does."""
    value = graph.Clip(value, np.float64(-most), np.float64(most))
    third = graph.Div(value, LIMIT)
    return str(graph.Div(value, graph.Sqrt(graph.Sub(1.0, graph.Mul(third, third)))))
