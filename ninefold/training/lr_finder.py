"""Learning-rate range test: steps with rising learning rates, and what their losses show."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ninefold.errors import InputError
from ninefold.progress import say

if TYPE_CHECKING:
    from ninefold.training.loop import Rows
    from ninefold.training.memory import Pieces
    from ninefold.training.optimizer import FlatOptimizer
    from ninefold.training.scoring_module import ScoringModule

STEPS = 120
LOWEST, HIGHEST = 1e-6, 1.0
IDLE = 20
"""First steps, whose rates are too low to change anything: their mean loss is where it starts."""
FALL = 0.02
"""Share of that loss that must be gone for the test to have shown anything."""
MEMORY = 0.9
"""Of the running mean that smooths the losses."""
BLOWN_UP = 4.0
"""Times the least loss at which the test ends."""
BELOW_LEAST = 10.0
"""The rate at the least loss is about to blow up; a tenth of it is taken (Smith, 2017)."""


@dataclass(frozen=True)
class Found:
    """The learning rate to take, and the smoothed loss at each rate that was tried.

    Where no rate made the loss fall, it is the optimizer's default.
    """

    lr: float
    rates: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()


def find_lr(
    module: "ScoringModule",
    optimizer: "FlatOptimizer",
    rows: "Rows",
    size: int,
    pieces: "Pieces",
    clip_norm: float,
) -> Found:
    """Try rates from 1e-6 to 1 on batches of `size` rows; weights are put back after it.

    Raises:
        InputError: the loss is finite at no rate.
    """
    if optimizer.spec.takes_all_rows:
        return Found(optimizer.spec.lr)
    start = optimizer.values.clone()
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    module.train()
    rates, losses, mean = list[float](), list[float](), 0.0
    batches: list[Rows] = []
    for step in range(STEPS):
        if not batches:
            batches = rows.take(torch.randperm(len(rows), device=rows.y.device)).batches(size)
        rate = LOWEST * (HIGHEST / LOWEST) ** (step / (STEPS - 1))
        loss = float(pieces.take(optimizer, module, batches.pop(), rate, clip_norm)[0])
        mean = MEMORY * mean + (1.0 - MEMORY) * loss
        smoothed = mean / (1.0 - MEMORY ** (step + 1))
        is_high = step >= IDLE and smoothed > BLOWN_UP * min(losses) + 1e-12
        if not math.isfinite(loss) or is_high:
            break
        rates.append(rate)
        losses.append(smoothed)
    optimizer.reset(start)
    for name, buffer in module.named_buffers():
        buffer.copy_(buffers[name])
    if not losses:
        raise InputError(
            "train.lr: auto needs a finite loss, however: it is not finite even at the learning "
            f"rate {LOWEST:g}. Scale extreme features under preprocess.columns"
        )
    return Found(_chosen(rates, losses, optimizer.spec.lr), tuple(rates), tuple(losses))


def _chosen(rates: list[float], losses: list[float], default: float) -> float:
    """Return a tenth of the rate at the least loss, `default` if the loss did not fall."""
    later = losses[IDLE:]
    if not later or min(later) > (1.0 - FALL) * losses[IDLE - 1]:
        say(
            f"train: no learning rate makes the loss fall in {len(rates)} steps; taking {default:g}"
        )
        return default
    return float(f"{rates[IDLE + later.index(min(later))] / BELOW_LEAST:.2g}")
