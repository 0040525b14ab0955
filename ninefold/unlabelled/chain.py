"""A chain of dense layers: trained in torch, kept as arrays, exported as a few nodes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array

if TYPE_CHECKING:
    from torch import nn

CHUNK_ROWS = 8192


@dataclass(frozen=True)
class Chain:
    """Layers `(weight (in, out), bias (out,))` float32, with SiLU between them.

    >>> Chain(((np.ones((2, 3), np.float32), np.zeros(3, np.float32)),)).widths
    (2, 3)
    """

    layers: tuple[tuple[Array, Array], ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """Width of the input and of every layer."""
        return (len(self.layers[0][0]), *(len(bias) for _, bias in self.layers))

    @staticmethod
    def of(module: "nn.Module") -> "Chain":
        """Return the linear layers of a trained module, in order."""
        from torch import nn

        found = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
        return Chain(
            tuple(
                (
                    np.ascontiguousarray(layer.weight.detach().cpu().numpy().T),
                    layer.bias.detach().cpu().numpy().copy(),
                )
                for layer in found
            )
        )

    def module(self) -> "nn.Module":
        """Return the layers as a torch module, of which `of` gives them again."""
        import torch
        from torch import nn

        module = dense(self.widths)
        linear = [layer for layer in module if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, (weight, bias) in zip(linear, self.layers, strict=True):
                layer.weight.copy_(torch.from_numpy(weight.T))
                layer.bias.copy_(torch.from_numpy(bias))
        return module

    def compute(self, x: Array) -> Array:
        """Return `(N, out)` float32 for `x (N, in)`, computed by torch.

        In double, as in the file: what is left of a row that nearly comes back would show in which
        order floats were added.
        """
        import torch
        from torch.nn import functional

        layers = [[torch.from_numpy(part).double() for part in layer] for layer in self.layers]
        parts = []
        with torch.no_grad():
            for start in range(0, max(len(x), 1), CHUNK_ROWS):
                value = torch.from_numpy(x[start : start + CHUNK_ROWS].astype(np.float64))
                for number, (weight, bias) in enumerate(layers):
                    value = functional.silu(value) if number else value
                    value = torch.addmm(bias, value, weight)
                parts.append(value.float().numpy())
        return np.concatenate(parts)

    def emit(self, graph: Any, x: str) -> str:
        """Add the nodes; `x` is float32 `[N, in]`."""
        x = graph.cast(x, np.float64)
        for number, layer in enumerate(self.layers):
            weight, bias = (graph.cast(graph.constant(part), np.float64) for part in layer)
            x = graph.Mul(x, graph.Sigmoid(x)) if number else x
            x = graph.Gemm(x, weight, bias)
        return str(graph.cast(x, np.float32))

    def arrays(self, name: str) -> dict[str, Array]:
        """Return the layers under names that begin with `name`."""
        found: dict[str, Array] = {}
        for number, (weight, bias) in enumerate(self.layers):
            found |= {f"{name}.{number}.weight": weight, f"{name}.{number}.bias": bias}
        return found

    @staticmethod
    def from_arrays(arrays: Mapping[str, Array], name: str) -> "Chain":
        """Return what `arrays` was called on."""
        count = sum(key.startswith(f"{name}.") and key.endswith(".bias") for key in arrays)
        return Chain(
            tuple((arrays[f"{name}.{i}.weight"], arrays[f"{name}.{i}.bias"]) for i in range(count))
        )


def dense(widths: Sequence[int], dropout: float = 0.0) -> "nn.Sequential":
    """Return linear layers of these widths with SiLU (and dropout) between them, untrained."""
    from torch import nn

    layers: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(widths)):
        if number:
            layers += [nn.SiLU()] + ([nn.Dropout(dropout)] if dropout else [])
        layers.append(nn.Linear(before, after))
    return nn.Sequential(*layers)
