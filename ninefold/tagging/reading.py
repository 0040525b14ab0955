"""The tensors of a row's steps side by side: numbers first, then the ids of words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.errors import ConfigError

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.preprocessing import Layout
    from ninefold.preprocessing.layout import TensorLayout

LAST = 2**31 - 1


@dataclass(frozen=True)
class StepReading:
    """How tensors `(N, T + 1, F)` of sequences and of words of steps become one of width W + I: is
    a step there, W - 1 numbers of it, I ids of its words.
    """

    tensors: "tuple[TensorLayout, ...]"

    @staticmethod
    def of(layout: "Layout") -> "StepReading":
        """Raises `ConfigError` for a tensor that has no steps, or where there is none."""
        if not layout.tensors or any(t.kind not in ("sequence", "words") for t in layout.tensors):
            raise ConfigError(
                "params.yaml: preprocess.columns must leave sequences or words of steps to tag, "
                f"however: {[tensor.kind for tensor in layout.tensors] or 'none is left'}"
            )
        return StepReading(layout.tensors)

    @property
    def width(self) -> int:
        """W: numbers of a step, whether it is there being the first."""
        return 1 + sum(t.shape[1] - 1 - (t.kind == "words") for t in self.tensors)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """How many ids each column of words has."""
        return tuple(tensor.cardinality for tensor in self.tensors if tensor.kind == "words")

    def join(self, parts: Sequence[Array]) -> Array:
        """Return the tensors side by side, `(N, T + 1, W + I)`; shorter ones are filled up."""
        longest = max(part.shape[1] for part in parts)
        padded = [np.pad(p, ((0, 0), (0, longest - p.shape[1]), (0, 0))) for p in parts]
        there = np.max([part[:, :, :1] for part in padded], axis=0)
        numbers = [part[:, :, 1 + (t.kind == "words") :] for part, t in self._with(padded)]
        ids = [part[:, :, 1:2] for part, t in self._with(padded) if t.kind == "words"]
        return np.concatenate([there, *numbers, *ids], axis=2, dtype=np.float32)

    def emit(self, graph: "Graph", parts: Sequence[str]) -> str:
        """Add the nodes of `join`."""
        if not self.cardinalities and len(parts) == 1:
            return parts[0]
        given = self._padded(graph, parts)
        pairs = list(self._with(given))
        flags = [_cut(graph, part, 0, 1) for part in given]
        there = graph.Max(*flags) if len(flags) > 1 else flags[0]
        numbers = [_cut(graph, part, 1 + (t.kind == "words"), LAST) for part, t in pairs]
        ids = [_cut(graph, part, 1, 2) for part, t in pairs if t.kind == "words"]
        return str(graph.Concat(there, *numbers, *ids, axis=2))

    def _padded(self, graph: "Graph", parts: Sequence[str]) -> list[str]:
        if len(parts) == 1:
            return list(parts)
        axis = np.array([1])
        sizes = [graph.Shape(part, start=1, end=2) for part in parts]
        longest, room = graph.Max(*sizes), np.array([0])
        ends = [graph.Concat(room, graph.Sub(longest, size), axis=0) for size in sizes]
        return [
            graph.Pad(part, end, np.float32(0), axis) for part, end in zip(parts, ends, strict=True)
        ]

    def _with(self, parts: Sequence[Any]) -> "zip[tuple[Any, TensorLayout]]":
        return zip(parts, self.tensors, strict=True)


def _cut(graph: "Graph", part: str, start: int, stop: int) -> str:
    return str(graph.Slice(part, np.array([start]), np.array([stop]), np.array([2])))
