"""A training run under way: all that its next epoch depends on, beside data and settings."""

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor, nn

from ninefold.training.lr_finder import Found
from ninefold.training.optimizer import FlatOptimizer


@dataclass(frozen=True)
class Epoch:
    """One line of the history."""

    epoch: int
    train_loss: float
    valid_loss: float
    metric: float
    lr: float
    grad_norm: float


@dataclass
class Outcome:
    """What a training run came to; epochs count from 1, 0 is the untrained network."""

    best_epoch: int = 0
    history: list[Epoch] = field(default_factory=list)
    retries: int = 0
    found: Found | None = None
    """The learning rate taken, and what the range test saw if there was one."""
    micro_batch_size: int | None = None
    """Rows that were differentiated at once, if fewer than a batch."""
    probes: list[dict[str, Any]] = field(default_factory=list)
    """What `training.probing` saw inside the network."""


@dataclass
class Run:
    """Where training stands after an epoch; `best` are the best weights, `(n,)`."""

    module: nn.Module
    optimizer: FlatOptimizer
    best: Tensor
    best_buffers: dict[str, Tensor]
    epoch: int = 0
    step: int = 0
    lr: float = 0.0
    best_goal: float = -math.inf
    goals: list[float] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)
    rows_at_once: int = 0
    is_over: bool = False

    @staticmethod
    def start(module: nn.Module, optimizer: FlatOptimizer, rows_at_once: int) -> "Run":
        """Return the run before its first epoch."""
        best, buffers = optimizer.values.clone(), buffers_of(module)
        return Run(module, optimizer, best, buffers, rows_at_once=rows_at_once)

    def keep(self, goal: float) -> None:
        """Make the weights that count now the best ones."""
        self.best_goal, self.outcome.best_epoch = goal, self.epoch
        self.best.copy_(self.optimizer.kept)
        self.best_buffers = buffers_of(self.module)

    def go_back(self) -> None:
        """Go back to the best weights, with half the learning rate and no memory of gradients."""
        self.lr *= 0.5
        self.optimizer.reset(self.best)
        restore_buffers(self.module, self.best_buffers)


class Observer(Protocol):
    """Is told of a run before it starts and, last observer first, after each of its epochs."""

    def begin(self, run: Run) -> None:
        """Bring the run to where it should go on."""

    def note(self, run: Run) -> None:
        """Take down what the epoch came to."""


def buffers_of(module: nn.Module) -> dict[str, Tensor]:
    """Return copies of a module's buffers."""
    return {name: buffer.clone() for name, buffer in module.named_buffers()}


def restore_buffers(module: nn.Module, buffers: dict[str, Tensor]) -> None:
    """Put back what `buffers_of` gave."""
    for name, buffer in module.named_buffers():
        buffer.copy_(buffers[name])
