"""Convolutions along sequences; steps that are not there are zeros before every layer."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.networks.modules.dropout import FastDropout
from ninefold.networks.modules.sequences import (
    SequenceRead,
    emit_last,
    emit_mean,
    emit_present,
    emit_shape,
    last_of,
    mean_of,
    present,
    shape_of,
    weights,
)

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.networks.series_cnn import SeriesCNNSpec


class ConvolutionRead(SequenceRead):
    """Blocks of convolution, normalisation of each step, ReLU; and beside them the last step."""

    def __init__(self, width: int, channels: int, spec: "SeriesCNNSpec") -> None:
        super().__init__()
        self.pooling = spec.pooling
        self.skipped = channels if spec.level == "beside" else 0
        self.dropout = FastDropout(spec.dropout)
        inside = width - self.skipped
        self.convolutions = nn.ModuleList(
            nn.Conv1d(
                before,
                filters,
                spec.kernel_size,
                padding=2**number * (spec.kernel_size // 2),
                dilation=2**number,
            )
            for number, (before, filters) in enumerate(pairwise((inside, *spec.filters)))
        )
        self.normalizations = nn.ModuleList(nn.LayerNorm(filters) for filters in spec.filters)
        self.learnt = spec.filters[-1]
        self.out_features = self.learnt + width

    def forward(self, steps: Tensor) -> Tensor:
        mask = (steps[:, :, :1] > 0).to(steps.dtype)
        steps, count = present(steps)
        found = shape_of(steps, self.skipped)
        for convolve, normalize in zip(self.convolutions, self.normalizations, strict=True):
            turned = convolve(found.transpose(1, 2)).transpose(1, 2)
            found = torch.relu(normalize(turned)) * mask
        pooled = found.amax(dim=1) if self.pooling == "max" else mean_of(found, count)
        return torch.cat([self.dropout(pooled), last_of(steps, count)], dim=1)

    def emit(self, graph: "Graph", steps: str) -> str:
        steps, count, mask = emit_present(graph, steps)
        found = emit_shape(graph, steps, self.skipped)
        for convolve, normalize in zip(self.convolutions, self.normalizations, strict=True):
            assert isinstance(convolve, nn.Conv1d)
            assert isinstance(normalize, nn.LayerNorm)
            scaled = graph.LayerNormalization(
                _convolved(graph, found, convolve),
                weights(normalize.weight),
                weights(normalize.bias),
                epsilon=float(normalize.eps),
            )
            found = graph.Mul(graph.Relu(scaled), mask)
        if self.pooling == "max":
            pooled = graph.ReduceMax(found, np.array([1]), keepdims=0)
        else:
            pooled = emit_mean(graph, found, count)
        return graph.Concat(pooled, emit_last(graph, steps, count), axis=1)


def _convolved(graph: "Graph", steps: str, layer: nn.Conv1d) -> str:
    """Add a convolution `[N, T, F]` -> `[N, T, filters]` as one product of a step and its
    neighbours with a constant: ONNX Runtime's `Conv` gives a step other bits by how many follow.
    """
    kernel = weights(layer.weight)
    size, apart = kernel.shape[2], int(layer.dilation[0])
    reach = apart * (size // 2)
    padded = graph.Pad(steps, np.array([reach, reach]), None, np.array([1]))
    ends = [apart * (number - size + 1) or 2**31 - 1 for number in range(size)]
    shifted = [
        graph.Slice(padded, np.array([apart * number]), np.array([end]), np.array([1]))
        for number, end in enumerate(ends)
    ]
    table = np.transpose(kernel, (2, 1, 0)).reshape(-1, kernel.shape[0])
    product = graph.MatMul(graph.Concat(*shifted, axis=2), np.ascontiguousarray(table))
    return graph.Add(product, weights(layer.bias))
