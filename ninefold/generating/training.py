"""Generator and critic, taught against each other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.generating import GenerateSpec
from ninefold.progress import progress
from ninefold.training.optimizer import FlatOptimizer
from ninefold.training.optimizers.adamw import AdamWSpec
from ninefold.unlabelled.chain import Chain, dense
from ninefold.unlabelled.steps import Layers, Steps, decoder, encoder

BETAS = (0.5, 0.9)
REPORTS = 100
"""Lines of the history."""
LEAK = 0.02
"""Share of the slope that is left to a pixel beyond black or white."""


class Shaped(nn.Module):
    """`(B, D)` -> `(B, D)`: levels of a category become shares, flags and booleans are bounded."""

    def __init__(
        self, groups: Sequence[Sequence[int]], flags: Sequence[int], bools: Sequence[int],
        temperature: float,
    ) -> None:  # fmt: skip
        super().__init__()
        self.groups = [torch.tensor(list(group)) for group in groups]
        self.flags, self.bools = list(flags), list(bools)
        self.temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        parts = x.clone()
        for group in self.groups:
            parts[:, group] = functional.softmax(x[:, group] / self.temperature, dim=1)
        if self.flags:
            parts[:, self.flags] = torch.sigmoid(x[:, self.flags] / self.temperature)
        if self.bools:
            parts[:, self.bools] = torch.tanh(x[:, self.bools] / self.temperature)
        return parts


class Lit(nn.Module):
    """`(B, D)` -> `(B, D)`: pixels between black and white, nearly; a file cuts off what is left,
    here it must give a slope.
    """

    def __init__(self, low: Array, high: Array) -> None:
        super().__init__()
        self.low, self.high = torch.from_numpy(low), torch.from_numpy(high)

    def forward(self, x: Tensor) -> Tensor:
        inside = torch.minimum(torch.maximum(x, self.low), self.high)
        return inside + LEAK * (x - inside)


def train(
    wide: Array,
    shape: Mapping[str, Any],
    spec: GenerateSpec,
    picture: Sequence[int] = (),
    ends: tuple[Array, Array] | None = None,
) -> tuple[Layers, list[dict[str, float]]]:
    """Return the generator taught on `wide (n, D)` float32, and its history.

    Args:
        wide: the train rows.
        shape: which coordinates belong together.
        spec: how.
        picture: channels, height and width of what a row is, for convolutions.
        ends: coordinates `(D,)` of a black and a white picture.

    Raises:
        InputError: the losses would not stay finite.
    """
    from ninefold.training.device import choose_device, reproducible

    with reproducible(spec.seed, spec.threads, choose_device("cpu")):
        features, hidden = wide.shape[1], [spec.width] * spec.depth
        if picture:
            generator = decoder(spec.latent, picture, spec.filters, spec.depth)
            critic = encoder(picture, 1, spec.filters, spec.depth)
        else:
            generator = dense([spec.latent, *hidden, features])
            critic = dense([features, *hidden, 1])
        shaped: nn.Module = (
            Shaped(shape["groups"], shape["flags"], shape["bools"], spec.temperature)
            if ends is None
            else Lit(*ends)
        )
        teacher = _Teacher(generator, critic, shaped, torch.from_numpy(wide), spec)
        history = teacher.run()
        return (Steps if picture else Chain).of(generator), history


class _Teacher:
    """One course of training."""

    def __init__(
        self, generator: nn.Module, critic: nn.Module, shaped: nn.Module, rows: Tensor,
        spec: GenerateSpec,
    ) -> None:  # fmt: skip
        self.generator, self.critic, self.shaped = generator, critic, shaped
        self.rows, self.spec = rows, spec
        adam = AdamWSpec(betas=BETAS)
        self.makes: FlatOptimizer = adam.over(generator, weight_decay=0.0, l1=0.0, l2=0.0)
        self.judges: FlatOptimizer = adam.over(critic, weight_decay=0.0, l1=0.0, l2=0.0)

    def run(self) -> list[dict[str, float]]:
        spec, history = self.spec, list[dict[str, float]]()
        kept = self.makes.values.clone()
        every = max(1, spec.steps // REPORTS)
        for step in progress(range(1, spec.steps + 1), "train", unit="steps"):
            lr = spec.lr * min(1.0, 2.0 * (1 - (step - 1) / spec.steps))
            for _ in range(spec.critic_steps):
                apart, slope = self._judge(lr)
            made = self._make(lr)
            decay = min(spec.ema, 1 - 1 / step)
            kept.mul_(decay).add_(self.makes.values, alpha=1 - decay)
            if step % every == 0 or step == spec.steps:
                line = {"epoch": float(step), "wasserstein": float(apart), "slope": float(slope),
                        "generator_loss": float(made)}  # fmt: skip
                if not all(np.isfinite(list(line.values()))):
                    raise InputError(
                        "params.yaml: generate.lr must let the losses stay finite, however: they "
                        f"are not after {step} steps at {spec.lr:g}. Lower generate.lr"
                    )
                history.append(line)
        self.makes.values.copy_(kept)
        return history

    def _fakes(self, count: int) -> Tensor:
        return torch.as_tensor(self.shaped(self.generator(torch.randn(count, self.spec.latent))))

    def _judge(self, lr: float) -> tuple[Tensor, Tensor]:
        """Take one step of the critic; return the distance it sees and its mean slope."""
        count = min(self.spec.batch_size, len(self.rows))
        real = self.rows[torch.randint(len(self.rows), (count,))]
        with torch.no_grad():
            fake = self._fakes(count)
        between = torch.lerp(fake, real, torch.rand(count, 1)).requires_grad_()
        (slope,) = torch.autograd.grad(self.critic(between).sum(), between, create_graph=True)
        steep = slope.norm(dim=1)
        apart = self.critic(real).mean() - self.critic(fake).mean()
        self.judges.differentiate(self.spec.penalty * ((steep - 1) ** 2).mean() - apart)
        self.judges.step(lr)
        return apart.detach(), steep.detach().mean()

    def _make(self, lr: float) -> Tensor:
        loss = -self.critic(self._fakes(self.spec.batch_size)).mean()
        self.makes.differentiate(loss)
        self.makes.step(lr)
        return torch.as_tensor(loss.detach())
