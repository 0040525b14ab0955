"""All ranks but the first: weights come in, the gradient of a share of the batch goes out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from ninefold.networks.modules.dropout import masks_of
from ninefold.training.device import choose_device, keep_freed_memory
from ninefold.training.loop import on_device, start_optimizer
from ninefold.training.memory import Pieces
from ninefold.training.ranks.group import Group, RankLost, met, share
from ninefold.training.scoring_module import ScoringModule

if TYPE_CHECKING:
    from ninefold.preprocessing import Layout
    from ninefold.target import Target
    from ninefold.training import TrainSpec
    from ninefold.training.preparing import Table

HEADER = 3
"""Rows of the batch (0: the end), rows at once, whether layers are in training mode."""


@dataclass(frozen=True)
class Material:
    """What every rank builds the network from, and the train rows."""

    rows: "Table"
    layout: "Layout"
    target: "Target"
    outputs: int
    spec: "TrainSpec"
    weights_seed: int


@dataclass(frozen=True)
class Seat:
    """A rank's place: whom it follows, and the address it is reached by (None: its machine's)."""

    rank: int
    size: int
    host: str
    port: int
    own_host: str | None = None
    device: str = "cpu"


def follow(material: Material, seat: Seat) -> None:
    """Work for the first rank until it is done, or has gone."""
    from ninefold.training.ranks.seats import own_address

    device = torch.device(seat.device)
    torch.set_num_threads(material.spec.threads)
    keep_freed_memory()
    worker = _Worker(material, device)
    try:
        store = met(seat.host, seat.port)
        group = Group(store, seat.rank, seat.size, device, seat.own_host or own_address())
        while worker.serve(group):
            pass
    except RankLost:
        return


class _Worker:
    """Network and rows of a rank; it keeps nothing from one batch to the next."""

    def __init__(self, material: Material, device: torch.device) -> None:
        spec = material.spec
        assert spec.objective is not None
        network = spec.network.build(
            material.layout, material.outputs, material.rows[0], material.weights_seed
        )
        self.module = ScoringModule(network, spec.objective).to(device)
        self.rows = on_device(material.rows, material.target, device)
        self.optimizer = start_optimizer(self.module, spec)
        self.device = device

    def serve(self, group: Group) -> bool:
        """Differentiate this rank's share of the next batch; return False if there is none."""
        header = group.send(torch.zeros(HEADER, dtype=torch.int64, device=self.device))
        count, at_once, is_training = (int(number) for number in header)
        if not count:
            return False
        index = group.send(torch.zeros(count, dtype=torch.int64, device=self.device))
        group.send(self.optimizer.values)
        own = self.rows.take(index[share(count, group.rank, group.size)])
        self.module.train(bool(is_training))
        reseed(self.module, index, group.rank)
        loss = self.optimizer.differentiate_all(
            lambda: Pieces(at_once).losses(self.module, own, of=count)
        )
        gather(group, self.optimizer.gradients, loss)
        return True


def gather(group: Group, gradients: torch.Tensor, loss: torch.Tensor) -> torch.Tensor:
    """Bring gradients and loss of all ranks together at the first one; return the loss there."""
    flat = torch.cat([gradients, loss.reshape(1).to(gradients.dtype)])
    group.gather(flat)
    gradients.copy_(flat[:-1])
    return flat[-1]


def reseed(module: torch.nn.Module, index: torch.Tensor, rank: int) -> None:
    """Make dropout and augmentation of a batch depend on its rows, in their order, and the rank."""
    seed = np.random.SeedSequence([int(index[0]), int(index[-1]), len(index), rank])
    torch.manual_seed(int(seed.generate_state(1)[0]))
    for _, mask in masks_of(module):
        mask.restore(None)


def device_of(spec: "TrainSpec", rank: int) -> str:
    """Return the device of a rank on this machine: a GPU each, or the CPU."""
    device = choose_device(spec.device)
    return f"cuda:{rank}" if device.type == "cuda" else "cpu"
