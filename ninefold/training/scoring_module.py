"""What is exported: the network with its members brought together."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ninefold.columns import Array
from ninefold.errors import ran_out_of_memory
from ninefold.networks.modules.joined import Joined
from ninefold.objectives import ObjectiveSpec
from ninefold.progress import say

ROWS_PER_CHUNK, TENSOR_ROWS_PER_CHUNK = 4096, 256


class ScoringModule(nn.Module):
    """`(x (B, F) float32, codes (B, C) int64, *tensors (B, …)) -> scores (B, K) float32`.

    Scores are the log of the members' mean probability, or their mean standardised value.
    """

    def __init__(self, network: nn.Module, objective: ObjectiveSpec) -> None:
        super().__init__()
        self.network, self.objective = network, objective
        self.scored_at_once = ROWS_PER_CHUNK

    def forward(self, x: Tensor, codes: Tensor, *tensors: Tensor) -> Tensor:
        return self.objective.scores(self.network(x, codes, *tensors))

    def outputs(self, x: Tensor, codes: Tensor, *tensors: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the network's outputs `(B, M, K)` and, where the objective has a say in it, what
        its last layer reads `(B, M, D)`.
        """
        if not getattr(self.objective, "reads_features", False):
            return self.network(x, codes, *tensors), None
        read: list[Tensor] = []
        head = self.network.head
        assert isinstance(head, nn.Module)
        hook = head.register_forward_pre_hook(lambda _, given: read.append(given[0]))
        try:
            found = self.network(x, codes, *tensors)
            return found, read[0]
        finally:
            hook.remove()

    def scores(self, x: Tensor, codes: Tensor, *tensors: Tensor) -> Array:
        """Return the scores of many rows, `(N, K)` float32, computed in evaluation mode; of half as
        many at once whenever memory runs out.
        """
        was_training = self.training
        self.eval()
        if tensors:
            self.scored_at_once = min(self.scored_at_once, TENSOR_ROWS_PER_CHUNK)
        while (parts := self._parts(self.scored_at_once, x, codes, *tensors)) is None:
            rows = min(self.scored_at_once, len(x))
            self.scored_at_once = rows // 2
            say(
                f"train: scores of {rows} rows do not fit into memory at once; going on with "
                f"{self.scored_at_once} at a time"
            )
        self.train(was_training)
        scores: Array = torch.cat(parts).cpu().numpy()
        return scores

    def _parts(self, size: int, *rows: Tensor) -> list[Tensor] | None:
        """Return the scores of `size` rows each; None where memory is too small for two or more."""
        try:
            with torch.no_grad():
                return [self(*chunk).float() for chunk in _chunks(size, *rows)]
        except RuntimeError as error:
            if min(size, len(rows[0])) < 2 or not ran_out_of_memory(error):
                raise
        torch.cuda.empty_cache()
        return None


class Above(ScoringModule):
    """A scoring module without its network's readers: takes what they give, `(B, out_features)`."""

    def forward(self, x: Tensor, codes: Tensor, *tensors: Tensor) -> Tensor:
        network = self.network
        assert isinstance(network, Joined)
        return self.objective.scores(network.above(x, codes, *tensors))


def _chunks(size: int, x: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    for start in range(0, max(len(x), 1), size):
        rows = slice(start, start + size)
        yield x[rows], *(tensor[rows] for tensor in others)
