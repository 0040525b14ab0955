"""Torch modules that say a label a step: recurrent layers, or a linear model of a few steps."""

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.networks.modules.dropout import FastDropout
from ninefold.networks.modules.rnn import RecurrentLayers
from ninefold.networks.modules.sequences import emit_present, present, weights

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.tagging import TagSpec


class RecurrentTagger(RecurrentLayers):
    """`(x (B, D), codes, steps (B, T, F)) -> (B, 1, T, K)`: what each step says of each label.

    What the row knows beside its sequence, x, stands in every step.
    """

    def __init__(self, width: int, row: int, tags: int, spec: "TagSpec") -> None:
        super().__init__()
        self.make_cells(width + row, spec)
        self.dropout = FastDropout(spec.dropout)
        self.head = nn.Linear(self.learnt, tags)

    def forward(self, x: Tensor, codes: Tensor, steps: Tensor) -> Tensor:
        steps, count = present(steps)
        beside = x.unsqueeze(1).expand(-1, steps.shape[1], -1)
        found, _ = self.states(torch.cat([steps, beside], dim=2), count, steps.shape[1])
        logits: Tensor = self.head(self.dropout(found))
        return logits.unsqueeze(1)

    def emit(self, graph: "Graph", x: str | None, steps: str) -> str:
        """Add the nodes `[N, T, F]` -> `[N, T, K]`."""
        steps, count, _ = emit_present(graph, steps)
        if x is not None:
            size = graph.Concat(graph.Shape(steps, start=0, end=2), np.array([1]), axis=0)
            beside = graph.Expand(graph.Unsqueeze(x, np.array([1])), size)
            steps = graph.Concat(steps, beside, axis=2)
        turned, _ = self.emit_states(graph, steps, count)
        found = graph.Transpose(turned, perm=[1, 0, 2])
        table = np.ascontiguousarray(weights(self.head.weight).T)
        return graph.Add(graph.MatMul(found, table), weights(self.head.bias))


class WindowTagger(nn.Module):
    """The same from a step and its `reach` neighbours on either side, by one linear layer."""

    def __init__(self, width: int, row: int, tags: int, reach: int) -> None:
        super().__init__()
        self.reach = reach
        self.head = nn.Linear(width * (2 * reach + 1) + row, tags)

    def window(self, x: Tensor, steps: Tensor) -> Tensor:
        """Return what the layer reads of each step, `(B, T, (2 reach + 1) F + D)`."""
        steps, _ = present(steps)
        count = steps.shape[1]
        padded = nn.functional.pad(steps, (0, 0, self.reach, self.reach))
        parts = [padded[:, start : start + count] for start in range(2 * self.reach + 1)]
        return torch.cat([*parts, x.unsqueeze(1).expand(-1, count, -1)], dim=2)

    def forward(self, x: Tensor, codes: Tensor, steps: Tensor) -> Tensor:
        logits: Tensor = self.head(self.window(x, steps))
        return logits.unsqueeze(1)

    def emit(self, graph: "Graph", x: str | None, steps: str) -> str:
        """Add the nodes `[N, T, F]` -> `[N, T, K]`."""
        steps, _, _ = emit_present(graph, steps)
        axis, parts = np.array([1]), [steps]
        if self.reach:
            padded = graph.Pad(steps, np.array([self.reach, self.reach]), None, axis)
            ends = [n - 2 * self.reach or 2**31 - 1 for n in range(2 * self.reach + 1)]
            parts = [graph.Slice(padded, np.array([n]), np.array([end]), axis)
                     for n, end in enumerate(ends)]  # fmt: skip
        if x is not None:
            size = graph.Concat(graph.Shape(steps, start=0, end=2), axis, axis=0)
            parts.append(graph.Expand(graph.Unsqueeze(x, axis), size))
        found = graph.Concat(*parts, axis=2)
        table = np.ascontiguousarray(weights(self.head.weight).T)
        return graph.Add(graph.MatMul(found, table), weights(self.head.bias))


class StepEntropy:
    """Cross entropy of the steps that have a label; the others have no say."""

    def loss(self, outputs: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        """Return the mean over labelled steps: outputs `(B, 1, T, K)`, y `(B, T)`, -1 for none."""
        logits = outputs.float().flatten(0, 2)
        total = nn.functional.cross_entropy(logits, y.flatten(), ignore_index=-1, reduction="sum")
        return total / (y >= 0).sum().clamp(min=1)

    def scores(self, outputs: Tensor) -> Tensor:
        """Return logits `(B, T, K)`."""
        return outputs.squeeze(1)


def tagger(facts: dict[str, Any]) -> RecurrentTagger | WindowTagger:
    """Return an untrained module by what a model's facts say of it."""
    from ninefold.tagging import TagSpec

    shape = (int(facts["width"]), int(facts["row"]), len(facts["tags"]))
    if facts["kind"] == "recurrent":
        return RecurrentTagger(*shape, TagSpec.model_validate(facts["settings"]))
    return WindowTagger(*shape, int(facts["reach"]))
