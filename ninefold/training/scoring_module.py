"""What is exported: the network with its members brought together."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.columns import Array
from ninefold.objectives import ObjectiveSpec

ROWS_PER_CHUNK = 4096


class ScoringModule(nn.Module):
    """`(x (B, F) float32, codes (B, C) int64) -> scores (B, K) float32`.

    Scores are the log of the members' mean probability, or their mean standardised value.
    """

    def __init__(self, network: nn.Module, objective: ObjectiveSpec) -> None:
        super().__init__()
        self.network, self.objective = network, objective

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
        return self.objective.scores(self.network(x, codes))

    def scores(self, x: Tensor, codes: Tensor) -> Array:
        """Return the scores of many rows, `(N, K)` float32, computed in evaluation mode."""
        was_training = self.training
        self.eval()
        with torch.no_grad():
            parts = [self(*chunk).float().cpu().numpy() for chunk in _chunks(x, codes)]
        self.train(was_training)
        return np.concatenate(parts)


def _chunks(x: Tensor, codes: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, max(len(x), 1), ROWS_PER_CHUNK):
        rows = slice(start, start + ROWS_PER_CHUNK)
        yield x[rows], codes[rows]
