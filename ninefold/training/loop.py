"""The training loop: data on the device once, one gather per epoch, views per batch."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ninefold.columns import Array
from ninefold.errors import ConfigError, InputError
from ninefold.progress import progress
from ninefold.training.defaults import batch_size, patience
from ninefold.training.lr_finder import Found, find_lr
from ninefold.training.memory import Pieces
from ninefold.training.optimizer import FlatOptimizer
from ninefold.training.schedules import Standing
from ninefold.training.scoring_module import ScoringModule

if TYPE_CHECKING:
    from ninefold.training import LoopSpec

MAX_RETRIES = 2


@dataclass(frozen=True)
class Watch:
    """What early stopping watches on the valid rows.

    `compute` takes scores `(N, K)`; where it gives NaN, or `by_loss`, the loss on valid is watched
    instead.
    """

    compute: Callable[[Array], float]
    higher_is_better: bool
    by_loss: bool = False

    def goal(self, value: float, loss: float) -> float:
        """Return a number to maximise."""
        if self.by_loss or math.isnan(value):
            return -loss
        return value if self.higher_is_better else -value


@dataclass(frozen=True)
class Rows:
    """Rows on a device: x `(N, F)` float32, codes `(N, C)` int64, y and weight `(N,)`, and the
    tensors `(N, …)` that the layout names.
    """

    x: Tensor
    codes: Tensor
    y: Tensor
    weight: Tensor
    tensors: tuple[Tensor, ...] = ()

    def __len__(self) -> int:
        return len(self.y)

    def take(self, index: Tensor) -> "Rows":
        """Return the rows at `index`."""
        return self._at(index)

    def pieces(self, size: int) -> "list[Rows]":
        """Return views of at most `size` rows each, all rows among them."""
        slices = [slice(start, start + size) for start in range(0, len(self), size)]
        return [self._at(rows) for rows in slices]

    def batches(self, size: int) -> "list[Rows]":
        """Return views of `size` rows each; a smaller rest is left out unless it is all."""
        pieces = self.pieces(size)
        return pieces[:-1] if len(pieces) > 1 and len(pieces[-1]) < size else pieces

    def _at(self, rows: "Tensor | slice") -> "Rows":
        tensors = tuple(tensor[rows] for tensor in self.tensors)
        return Rows(self.x[rows], self.codes[rows], self.y[rows], self.weight[rows], tensors)


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


def train(
    module: ScoringModule, rows: Rows, valid: Rows, watch: Watch, spec: "LoopSpec"
) -> Outcome:
    """Train `module` in place and leave it with the weights that were best on `valid`.

    Stops when `watch` has not improved for `patience` epochs. After a loss or gradient that is not
    finite it goes back to the best weights with half the learning rate, twice at most.

    Raises:
        InputError: loss and gradient would not stay finite.
    """
    optimizer = start_optimizer(module, spec)
    best, best_buffers = optimizer.values.clone(), _buffers(module)
    best_goal, outcome, goals = -math.inf, Outcome(), list[float]()
    size = min(spec.batch_size or batch_size(len(rows)), len(rows))
    size = len(rows) if spec.optimizer.takes_all_rows else size
    waits = spec.patience or patience(len(rows))
    pieces = Pieces(spec.micro_batch_size or size)
    steps = spec.epochs * len(rows.batches(size))
    if spec.lr == "auto":
        found = find_lr(module, optimizer, rows, size, pieces, spec.clip_norm)
    else:
        found = Found(spec.lr)
    lr, step, outcome.found = found.lr, 0, found
    for epoch in progress(range(1, spec.epochs + 1), "train", unit="epochs"):
        standing = Standing(steps, epoch - 1, tuple(goals))
        last_lr = lr * spec.schedule.factor(step, standing)
        shuffled = rows.take(torch.randperm(len(rows), device=rows.x.device))
        batches = shuffled.batches(size)
        loss, norm = run_epoch(module, optimizer, batches, spec, lr, step, standing, pieces)
        step += len(batches)
        with optimizer.averaged():
            valid_loss, value = validate(module, valid, watch)
        if not all(map(math.isfinite, (loss, norm, valid_loss))):
            outcome.retries += 1
            if outcome.retries > MAX_RETRIES:
                raise InputError(_diverged(epoch, loss, norm, lr))
            lr *= 0.5
            optimizer.reset(best)
            _restore(module, best_buffers)
            continue
        outcome.history.append(Epoch(epoch, loss, valid_loss, value, last_lr, norm))
        goal = watch.goal(value, valid_loss)
        goals.append(goal)
        if goal > best_goal + spec.min_delta:
            best_goal, outcome.best_epoch = goal, epoch
            best.copy_(optimizer.kept)
            best_buffers = _buffers(module)
        elif epoch - outcome.best_epoch >= waits:
            break
    optimizer.values.copy_(best)
    _restore(module, best_buffers)
    outcome.micro_batch_size = pieces.size if pieces.size < size else None
    return outcome


def start_optimizer(module: ScoringModule, spec: "LoopSpec") -> FlatOptimizer:
    """Return the optimizer of a module's parameters that `spec` describes.

    Raises:
        ConfigError: it cannot train this module.
    """
    is_normalised = any(name.endswith("running_mean") for name, _ in module.named_buffers())
    if spec.optimizer.takes_all_rows and is_normalised:
        raise ConfigError(
            "params.yaml: train.optimizer.kind must not be lbfgs with batch normalisation, whose "
            "statistics come from batches. Set train.network.normalization: layer"
        )
    optimizer = spec.optimizer.over(module, weight_decay=spec.weight_decay, l1=spec.l1, l2=spec.l2)
    if spec.ema is not None:
        optimizer.start_average(spec.ema)
    return optimizer


def run_epoch(
    module: ScoringModule,
    optimizer: FlatOptimizer,
    batches: list[Rows],
    spec: "LoopSpec",
    lr: float,
    step: int,
    standing: Standing,
    pieces: Pieces,
) -> tuple[float, float]:
    """Take one optimiser step per batch; return the mean loss and mean gradient norm.

    Nothing is read back from the device before the last step.
    """
    module.train(not spec.optimizer.takes_all_rows)
    device = optimizer.values.device
    total, norms = torch.zeros((), device=device), torch.zeros((), device=device)
    for number, batch in enumerate(batches):
        now = lr * spec.schedule.factor(step + number, standing)
        loss, norm = pieces.take(optimizer, module, batch, now, spec.clip_norm)
        norms += norm
        total += loss
    return float(total) / len(batches), float(norms) / len(batches)


def validate(module: ScoringModule, valid: Rows, watch: Watch) -> tuple[float, float]:
    """Return the loss on the valid rows, and what is watched."""
    scores = module.scores(valid.x, valid.codes, *valid.tensors)
    members = torch.from_numpy(scores).unsqueeze(1).to(valid.y.device)
    loss = float(module.objective.loss(members, valid.y, valid.weight))
    return loss, watch.compute(scores)


def _buffers(module: torch.nn.Module) -> dict[str, Tensor]:
    return {name: buffer.clone() for name, buffer in module.named_buffers()}


def _restore(module: torch.nn.Module, buffers: dict[str, Tensor]) -> None:
    for name, buffer in module.named_buffers():
        buffer.copy_(buffers[name])


def _diverged(epoch: int, loss: float, norm: float, lr: float) -> str:
    return (
        f"params.yaml: train.lr must let loss and gradient stay finite, however: in epoch {epoch} "
        f"the loss was {loss:g} and the gradient {norm:g} at the learning rate {lr:g}, after "
        f"{MAX_RETRIES} fresh starts. Lower train.lr, or scale extreme features under "
        "preprocess.columns"
    )
