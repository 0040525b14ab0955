"""Torch modules that say a label a step: recurrent layers, or a linear model of a few steps.

Steps are `(B, T, W + I)`: W numbers, of which the first says whether the step is there, and I ids
of words.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.networks.modules.dropout import FastDropout
from ninefold.networks.modules.rnn import RecurrentLayers
from ninefold.networks.modules.sequences import emit_present, present, weights

UNKNOWN = 1
"""Id of a word that training does not know, see `ninefold.preprocessing.tokens`."""

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.tagging import TagSpec


class RecurrentTagger(RecurrentLayers):
    """`(x (B, D), codes, steps (B, T, F)) -> (B, 1, T, K)`: what each step says of each label.

    What the row knows beside its sequence, x, stands in every step.
    """

    def __init__(
        self, width: int, row: int, tags: int, spec: "TagSpec", cardinalities: Sequence[int] = ()
    ) -> None:
        super().__init__()
        self.width, self.word_dropout = width, spec.word_dropout
        self.embeddings = nn.ModuleList(nn.Embedding(c, spec.embedding_size) for c in cardinalities)
        self.make_cells(width + row + spec.embedding_size * len(cardinalities), spec)
        self.dropout = FastDropout(spec.dropout)
        self.head = nn.Linear(self.learnt, tags)

    def embedded(self, steps: Tensor) -> Tensor:
        """Return steps with what stands for their words in the place of ids."""
        if not self.embeddings:
            return steps
        parts = [steps[:, :, : self.width]]
        for number, embedding in enumerate(self.embeddings):
            ids = steps[:, :, self.width + number].long()
            if self.training and self.word_dropout:
                hidden = torch.rand(ids.shape, device=ids.device) < self.word_dropout
                ids = torch.where(hidden & (ids > 0), UNKNOWN, ids)
            parts.append(embedding(ids))
        return torch.cat(parts, dim=2)

    def forward(self, x: Tensor, codes: Tensor, steps: Tensor) -> Tensor:
        steps, count = present(steps)
        steps = self.embedded(steps)
        beside = x.unsqueeze(1).expand(-1, steps.shape[1], -1)
        found, _ = self.states(torch.cat([steps, beside], dim=2), count, steps.shape[1])
        logits: Tensor = self.head(self.dropout(found))
        return logits.unsqueeze(1)

    def emit(self, graph: "Graph", x: str | None, steps: str) -> str:
        """Add the nodes `[N, T, F]` -> `[N, T, K]`."""
        steps, count, _ = emit_present(graph, steps)
        if self.embeddings:
            ids = [_ids(graph, steps, self.width + i) for i in range(len(self.embeddings))]
            tables = [weights(embedding.weight) for embedding in self.embeddings]
            words = [graph.Gather(table, own) for table, own in zip(tables, ids, strict=True)]
            steps = graph.Concat(_numbers(graph, steps, self.width), *words, axis=2)
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

    def __init__(
        self, width: int, row: int, tags: int, reach: int, cardinalities: Sequence[int] = ()
    ) -> None:
        super().__init__()
        self.reach, self.width = reach, width
        self.head = nn.Linear(width * (2 * reach + 1) + row, tags)
        self.sizes = [size for _ in range(2 * reach + 1) for size in cardinalities]
        self.tables = nn.ModuleList(nn.Embedding(size, tags) for size in self.sizes)
        for table in self.tables.parameters():
            nn.init.zeros_(table)

    def window(self, x: Tensor, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the layer reads of each step, numbers `(B, T, (2 reach + 1) W + D)` and ids
        of words `(B, T, (2 reach + 1) I)` int64.
        """
        steps, _ = present(steps)
        count = steps.shape[1]
        padded = nn.functional.pad(steps, (0, 0, self.reach, self.reach))
        parts = [padded[:, start : start + count] for start in range(2 * self.reach + 1)]
        beside = x.unsqueeze(1).expand(-1, count, -1)
        numbers = torch.cat([*(part[:, :, : self.width] for part in parts), beside], dim=2)
        return numbers, torch.cat([part[:, :, self.width :] for part in parts], dim=2).long()

    def take(self, whole: Any, bias: Any) -> None:
        """Take over weights `(K, F + S)`, first those of numbers, and biases `(K,)`."""
        ends = np.cumsum([self.head.in_features, *self.sizes])
        own, *ids = np.split(whole, ends[:-1], axis=1)
        self.head.weight.copy_(torch.from_numpy(np.ascontiguousarray(own)))
        self.head.bias.copy_(torch.from_numpy(bias))
        for table, part in zip(self.tables.parameters(), ids, strict=True):
            table.copy_(torch.from_numpy(np.ascontiguousarray(part.T)))

    def forward(self, x: Tensor, codes: Tensor, steps: Tensor) -> Tensor:
        numbers, ids = self.window(x, steps)
        logits: Tensor = self.head(numbers)
        for number, table in enumerate(self.tables):
            logits = torch.add(logits, table(ids[:, :, number]))
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
        words = []
        if self.sizes:
            each = range(len(self.sizes) // len(parts))
            ids = [_ids(graph, part, self.width + i) for part in parts for i in each]
            words = [graph.Gather(weights(table.weight), own)
                     for table, own in zip(self.tables, ids, strict=True)]  # fmt: skip
            parts = [_numbers(graph, part, self.width) for part in parts]
        if x is not None:
            size = graph.Concat(graph.Shape(steps, start=0, end=2), axis, axis=0)
            parts.append(graph.Expand(graph.Unsqueeze(x, axis), size))
        found = graph.Concat(*parts, axis=2)
        table = np.ascontiguousarray(weights(self.head.weight).T)
        logits = graph.Add(graph.MatMul(found, table), weights(self.head.bias))
        for own in words:
            logits = graph.Add(logits, own)
        return logits


def _numbers(graph: "Graph", steps: str, width: int) -> str:
    return graph.Slice(steps, np.array([0]), np.array([width]), np.array([2]))


def _ids(graph: "Graph", steps: str, place: int) -> str:
    """Add the nodes that read ids `[N, T]` int64 off steps `[N, T, W + I]`."""
    return graph.cast(graph.Gather(steps, np.array(place), axis=2), np.int64)


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
    words = [int(count) for count in facts.get("cardinalities", ())]
    if facts["kind"] == "recurrent":
        return RecurrentTagger(*shape, TagSpec.model_validate(facts["settings"]), words)
    return WindowTagger(*shape, int(facts["reach"]), words)
