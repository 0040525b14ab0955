"""The training loop: data on the device once, one gather per epoch, views per batch."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ninefold.columns import Array
from ninefold.errors import ConfigError, InputError
from ninefold.progress import progress, say
from ninefold.training.defaults import batch_size, patience
from ninefold.training.lr_finder import Found, find_lr
from ninefold.training.memory import Pieces
from ninefold.training.optimizer import FlatOptimizer
from ninefold.training.run import Epoch, Observer, Outcome, Run, restore_buffers
from ninefold.training.schedules import Standing
from ninefold.training.scoring_module import ScoringModule

if TYPE_CHECKING:
    from ninefold.target import Target
    from ninefold.training import LoopSpec
    from ninefold.training.preparing import Table
    from ninefold.training.ranks.leading import Team

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
    index: Tensor | None = None
    """Where the rows stand among those that every rank holds, where several train."""

    def __len__(self) -> int:
        return len(self.y)

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All tensors but `index`."""
        return (self.x, self.codes, self.y, self.weight, *self.tensors)

    def take(self, rows: "Tensor | slice") -> "Rows":
        """Return some rows; with a slice, as a view."""

        def some(tensor: Tensor) -> Tensor:
            return tensor[rows] if isinstance(rows, slice) else tensor.index_select(0, rows)

        tensors = tuple(map(some, self.tensors))
        index = None if self.index is None else some(self.index)
        return Rows(some(self.x), some(self.codes), some(self.y), some(self.weight), tensors, index)

    def pieces(self, size: int) -> "list[Rows]":
        """Return views of at most `size` rows each, all rows among them."""
        slices = [slice(start, start + size) for start in range(0, len(self), size)]
        return [self.take(rows) for rows in slices]

    def batches(self, size: int) -> "list[Rows]":
        """Return views of `size` rows each; a smaller rest is left out unless it is all."""
        pieces = self.pieces(size)
        return pieces[:-1] if len(pieces) > 1 and len(pieces[-1]) < size else pieces

    def numbered(self) -> "Rows":
        """Return the rows with their places as `index`."""
        return replace(self, index=torch.arange(len(self), device=self.y.device))


def on_device(arrays: "Table", target: "Target", device: torch.device) -> Rows:
    """Return the rows of a table, the target of a regression standardised."""
    X, codes, y, weight, *tensors = arrays
    if target.task == "regression":
        y = target.standardised(y).astype(np.float32)
    parts = (
        X.astype(np.float32, copy=False),
        codes.astype(np.int64, copy=False),
        y,
        weight.astype(np.float32, copy=False),
        *tensors,
    )
    placed = [torch.from_numpy(np.ascontiguousarray(part)).to(device) for part in parts]
    on_x, on_codes, on_y, on_weight, *on_tensors = placed
    return Rows(on_x, on_codes, on_y, on_weight, tuple(on_tensors))


def train(
    module: ScoringModule,
    rows: Rows,
    valid: Rows,
    watch: Watch,
    spec: "LoopSpec",
    observers: Sequence[Observer] = (),
    team: "Team | None" = None,
) -> Outcome:
    """Train `module` in place and leave it with the weights that were best on `valid`.

    Stops when `watch` has not improved for `patience` epochs. After a loss or gradient that is not
    finite it goes back to the best weights with half the learning rate, twice at most.

    Args:
        team: the ranks that share each batch; None: this process has it to itself.

    Raises:
        InputError: loss and gradient would not stay finite.
    """
    size = min(spec.batch_size or batch_size(len(rows)), len(rows))
    size = len(rows) if spec.optimizer.takes_all_rows else size
    rows = rows if team is None else rows.numbered()
    pieces = Pieces(spec.micro_batch_size or size, team)
    run = Run.start(module, start_optimizer(module, spec), pieces.size)
    for observer in observers:
        observer.begin(run)
    pieces.size = run.rows_at_once
    if run.outcome.found is None:
        run.outcome.found = (
            find_lr(module, run.optimizer, rows, size, pieces, spec.clip_norm)
            if spec.lr == "auto"
            else Found(spec.lr)
        )
        run.lr = run.outcome.found.lr
    last = run.epoch if run.is_over else spec.epochs
    for _ in progress(range(run.epoch, last), "train", unit="epochs"):
        advance(run, rows, valid, watch, spec, size, pieces)
        run.rows_at_once = pieces.size
        for observer in reversed(observers):
            observer.note(run)
        if run.is_over:
            break
    run.optimizer.values.copy_(run.best)
    restore_buffers(module, run.best_buffers)
    run.outcome.micro_batch_size = pieces.size if pieces.size < size else None
    return run.outcome


def advance(
    run: Run, rows: Rows, valid: Rows, watch: Watch, spec: "LoopSpec", size: int, pieces: Pieces
) -> None:
    """Take the run through one epoch and see whether it helped."""
    module, outcome = run.module, run.outcome
    assert isinstance(module, ScoringModule)
    steps = spec.epochs * len(rows.batches(size))
    standing = Standing(steps, run.epoch, tuple(run.goals))
    lr = run.lr * spec.schedule.factor(run.step, standing)
    shuffled = rows.take(torch.randperm(len(rows), device=rows.x.device))
    batches = shuffled.batches(size)
    loss, norm = run_epoch(module, run.optimizer, batches, spec, run.lr, run.step, standing, pieces)
    run.step += len(batches)
    run.epoch += 1
    with run.optimizer.averaged():
        valid_loss, value = validate(module, valid, watch)
    if not all(map(math.isfinite, (loss, norm, valid_loss))):
        outcome.retries += 1
        if outcome.retries > MAX_RETRIES:
            raise InputError(_diverged(run.epoch, loss, norm, run.lr))
        run.go_back()
        say(
            f"train: in epoch {run.epoch} loss or gradient was not finite; going on from the best "
            f"weights at half the learning rate, {run.lr:g}"
        )
        return
    outcome.history.append(Epoch(run.epoch, loss, valid_loss, value, lr, norm))
    goal = watch.goal(value, valid_loss)
    run.goals.append(goal)
    if goal > run.best_goal + spec.min_delta:
        run.keep(goal)
    elif run.epoch - outcome.best_epoch >= (spec.patience or patience(len(rows))):
        run.is_over = True


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


def _diverged(epoch: int, loss: float, norm: float, lr: float) -> str:
    return (
        f"params.yaml: train.lr must let loss and gradient stay finite, however: in epoch {epoch} "
        f"the loss was {loss:g} and the gradient {norm:g} at the learning rate {lr:g}, after "
        f"{MAX_RETRIES} fresh starts. Lower train.lr, or scale extreme features under "
        "preprocess.columns"
    )
