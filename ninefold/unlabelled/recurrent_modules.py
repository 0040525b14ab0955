"""Torch modules behind `ninefold.unlabelled.recurrence`."""

import numpy as np
import torch
from torch import Tensor, nn

from ninefold.columns import Array
from ninefold.networks.modules.rnn import at_work


class Recurrent(nn.Module):
    """A GRU over steps that stand at `places (T, C)` of a row, and dense layers.

    rest: where what is told of a row beside its steps stands.
    """

    places: Tensor
    rest: Tensor

    def __init__(
        self, places: Array, rest: Array, given: int, width: int, chain: nn.Sequential
    ) -> None:
        super().__init__()
        self.register_buffer("places", torch.from_numpy(places), persistent=False)
        self.register_buffer("rest", torch.from_numpy(rest), persistent=False)
        self.cells = nn.GRU(given, width, batch_first=True)
        self.chain = chain


class RecurrentEncoder(Recurrent):
    """`(B, D)` -> `(B, out)`."""

    def __init__(self, places: Array, rest: Array, width: int, chain: nn.Sequential) -> None:
        super().__init__(places, rest, places.shape[1], width, chain)

    def forward(self, x: Tensor) -> Tensor:
        steps = x[:, self.places.flatten()].view(len(x), *self.places.shape)
        with at_work(self.cells, steps):
            _, last = self.cells(steps)
        return torch.as_tensor(self.chain(torch.cat([last[0], x[:, self.rest]], dim=1)))


class RecurrentDecoder(Recurrent):
    """`(B, latent)` -> `(B, D)`."""

    order: Tensor

    def __init__(self, places: Array, rest: Array, width: int, chain: nn.Sequential) -> None:
        super().__init__(places, rest, width, width, chain)
        self.head = nn.Linear(width, places.shape[1])
        order = np.argsort(np.concatenate([places.ravel(), rest]), kind="stable")
        self.register_buffer("order", torch.from_numpy(order), persistent=False)

    def forward(self, code: Tensor) -> Tensor:
        found = self.chain(code)
        told, beside = found.split([found.shape[1] - len(self.rest), len(self.rest)], dim=1)
        given = told.unsqueeze(1).expand(-1, len(self.places), -1)
        with at_work(self.cells, given):
            states, _ = self.cells(given)
        steps = self.head(states).flatten(1)
        return torch.cat([steps, beside], dim=1)[:, self.order]
