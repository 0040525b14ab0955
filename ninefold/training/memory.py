"""Batches that do not fit into memory: worked off in pieces, with the gradient of the whole."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ninefold.errors import ran_out_of_memory
from ninefold.progress import say
from ninefold.training.device import autocast
from ninefold.training.optimizer import FlatOptimizer
from ninefold.training.replay import Replay, is_replayable

if TYPE_CHECKING:
    from ninefold.training.loop import Rows
    from ninefold.training.ranks.leading import Team
    from ninefold.training.scoring_module import ScoringModule


class Pieces:
    """Differentiates `size` rows at once, and half as many whenever memory runs out.

    Gradients are those of the whole batch (with batch normalisation: but for its statistics, which
    are then those of a piece).
    """

    def __init__(self, size: int, team: "Team | None" = None) -> None:
        self.size, self.team = size, team
        self._replay: Replay | None = None

    def take(
        self,
        optimizer: FlatOptimizer,
        module: "ScoringModule",
        batch: "Rows",
        lr: float,
        clip_norm: float,
    ) -> tuple[Tensor, Tensor]:
        """Take one step on a batch; return its loss and the gradient's length, scalars."""
        while True:
            try:
                if self.team is not None:
                    return self.team.take(self, optimizer, module, batch, lr, clip_norm)
                if (replay := self._replay_of(optimizer, module, batch)) is not None:
                    return optimizer.follow(optimizer.complete(replay(batch)), lr, clip_norm)
                return optimizer.take(partial(self.losses, module, batch), lr, clip_norm)
            except RuntimeError as error:
                self._shrink(error, len(batch))
            self._replay = None
            torch.cuda.empty_cache()

    def _replay_of(
        self, optimizer: FlatOptimizer, module: "ScoringModule", batch: "Rows"
    ) -> Replay | None:
        """Return what fills the optimizer's gradients by a graph; None where none can be had."""
        if self._replay is not None and len(self._replay) == len(batch):
            return self._replay
        if len(batch) > self.size or not is_replayable(module, optimizer, batch):
            return None
        self._replay = Replay(
            lambda rows: optimizer.differentiate_all(partial(self.losses, module, rows)),
            module,
            batch,
        )
        return self._replay

    def losses(
        self, module: "ScoringModule", batch: "Rows", of: int | None = None
    ) -> Iterator[Tensor]:
        """Yield the loss of the batch, in summands of at most `size` rows.

        Args:
            of: the rows are a share of a batch of so many.
        """
        count = of or len(batch)
        pieces = [batch] if len(batch) <= self.size else batch.pieces(self.size)
        for piece in pieces:
            with autocast(piece.x.device):
                outputs, features = module.outputs(piece.x, piece.codes, *piece.tensors)
            loss = module.objective.loss(outputs, piece.y, piece.weight)
            if features is not None:
                loss = loss + module.objective.feature_loss(features, piece.y, piece.weight)
            yield loss if len(piece) == count else loss * (len(piece) / count)

    def _shrink(self, error: RuntimeError, rows: int) -> None:
        """Halve the pieces. Raises `error` if it is another one or they hold one row."""
        size = min(self.size, rows) // 2
        if size < 1 or not ran_out_of_memory(error):
            raise error
        self.size = size
        say(
            f"train: {rows} rows do not fit into memory at once; going on with {size} at a time "
            f"and the gradient of all {rows} (train.micro_batch_size: {size})"
        )
