"""The first rank: it alone shuffles, steps, judges and stops; the others differentiate for it."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.errors import ConfigError, InputError
from ninefold.progress import say
from ninefold.training.ranks.following import HEADER, Material, gather, reseed
from ninefold.training.ranks.group import FIRST, Group, RankLost, opened, share
from ninefold.training.ranks.seats import Seats, seats

if TYPE_CHECKING:
    from ninefold.training.loop import Rows
    from ninefold.training.memory import Pieces
    from ninefold.training.optimizer import FlatOptimizer

MOST_STARTS = 3
"""Fresh starts for one batch; the ranks are then lost for a reason that stays."""


class Team:
    """All ranks of a run, seen from the first. They keep nothing between batches, so that a lost
    one is replaced and the batch done again, with the same result.
    """

    def __init__(self, material: Material, places: Seats, device: torch.device) -> None:
        self.material, self.places, self.device = material, places, device
        self.size = material.spec.ranks
        self._group: Group | None = None

    def take(
        self,
        pieces: "Pieces",
        optimizer: "FlatOptimizer",
        module: nn.Module,
        batch: "Rows",
        lr: float,
        clip_norm: float,
    ) -> tuple[Tensor, Tensor]:
        """Take one step on a batch that all ranks share; return loss and gradient's length."""
        for _ in range(MOST_STARTS):
            try:
                optimizer.gather = self._gather
                return optimizer.take(
                    lambda: self._losses(pieces, optimizer, module, batch), lr, clip_norm
                )
            except RankLost:
                self._leave()
                say(f"train: one of {self.size} ranks has gone; starting them again")
            except BaseException:
                self._leave()
                raise
            finally:
                optimizer.gather = None
        raise InputError(
            f"params.yaml: train.ranks must be as many as memory and network allow, however: "
            f"{self.size} ranks were lost {MOST_STARTS} times in one batch. Lower it, or set "
            "train.micro_batch_size"
        )

    def _losses(
        self,
        pieces: "Pieces",
        optimizer: "FlatOptimizer",
        module: nn.Module,
        batch: "Rows",
    ) -> Iterator[Tensor]:
        from ninefold.training.scoring_module import ScoringModule

        assert isinstance(module, ScoringModule)
        assert batch.index is not None
        group, count = self._ready(), len(batch)
        header = [count, pieces.size, int(module.training)]
        group.send(torch.tensor(header, device=self.device))
        group.send(batch.index.contiguous())
        group.send(optimizer.values)
        own = batch.take(share(count, FIRST, self.size))
        devices = [self.device] if self.device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            reseed(module, batch.index, FIRST)
            yield from pieces.losses(module, own, of=count)

    def _gather(self, gradients: Tensor, loss: Tensor) -> Tensor:
        return gather(self._ready(), gradients, loss)

    def _ready(self) -> Group:
        if self._group is None:
            store = opened(self.places.host)
            self.places.start(self.material, store.port)
            self._group = Group(store, FIRST, self.size, self.device, self.places.host)
        return self._group

    def close(self) -> None:
        """Send the ranks home."""
        if self._group is not None:
            with contextlib.suppress(RankLost):
                self._group.send(torch.zeros(HEADER, dtype=torch.int64, device=self.device))
        self._leave()

    def _leave(self) -> None:
        """End all ranks, in the middle of the work too."""
        self._group = None
        self.places.close()


@contextlib.contextmanager
def team(material: Material, device: torch.device) -> Iterator[Team | None]:
    """Yield the ranks that train together, None where one trains alone.

    Raises:
        ConfigError: there are not as many GPUs or workers.
    """
    spec = material.spec
    if spec.ranks == 1:
        yield None
        return
    gpus = torch.cuda.device_count()
    if device.type == "cuda" and spec.scheduler is None and spec.ranks > gpus:
        raise ConfigError(
            f"params.yaml: train.ranks must be at most {gpus}, the GPUs of this machine, however: "
            f"{spec.ranks}. Lower it, or name a Dask cluster with train.scheduler"
        )
    made = Team(material, seats(spec.ranks, spec.scheduler), device)
    try:
        yield made
    finally:
        made.close()
