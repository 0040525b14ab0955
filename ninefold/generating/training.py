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
from ninefold.generating.keeping import Kept
from ninefold.progress import progress
from ninefold.training.loop import MAX_RETRIES
from ninefold.training.optimizer import FlatOptimizer
from ninefold.training.optimizers.adamw import AdamWSpec
from ninefold.training.under_way import NO_FILES, RunFiles
from ninefold.unlabelled.chain import Chain, dense
from ninefold.unlabelled.steps import Layers, Steps, decoder, encoder

BETAS = (0.5, 0.9)
REPORTS = 100
"""Lines of the history."""
LEAK = 0.02
"""Share of the slope that is left to a pixel beyond black or white."""
STEEPEST = 10.0
"""Mean slope of a critic that has not run away; its penalty holds it at 1."""


class Shaped(nn.Module):
    """`(B, D)` -> `(B, D)`: levels of a category become shares, flags and booleans are bounded."""

    def __init__(
        self, groups: Sequence[Sequence[int]], flags: Sequence[int], bools: Sequence[int],
        temperature: float,
    ) -> None:  # fmt: skip
        super().__init__()
        for number, group in enumerate(groups):
            self.register_buffer(f"group_{number}", torch.tensor(list(group)), persistent=False)
        self.flags, self.bools = list(flags), list(bools)
        self.temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        parts = x.clone()
        for group in self.buffers():
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
        self.register_buffer("low", torch.from_numpy(low), persistent=False)
        self.register_buffer("high", torch.from_numpy(high), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        low, high = self.buffers()
        inside = torch.minimum(torch.maximum(x, low), high)
        return inside + LEAK * (x - inside)


def train(
    wide: Array,
    shape: Mapping[str, Any],
    spec: GenerateSpec,
    picture: Sequence[int] = (),
    ends: tuple[Array, Array] | None = None,
    files: RunFiles = NO_FILES,
) -> tuple[Layers, list[dict[str, float]], int]:
    """Return the generator taught on `wide (n, D)` float32, its history, and how often training
    began again.

    After losses or weights that are not finite it goes back to the last sound ones with half the
    learning rate, twice at most.

    Args:
        wide: the train rows.
        shape: which coordinates belong together.
        spec: how.
        picture: channels, height and width of what a row is, for convolutions.
        ends: coordinates `(D,)` of a black and a white picture.
        files: where the run is kept, and gone on from after it was killed.

    Raises:
        InputError: the losses would not stay finite.
        ConfigError: the device is not there.
    """
    from ninefold.training.device import choose_device, reproducible

    device = choose_device(spec.device, "generate")
    with reproducible(spec.seed, spec.threads, device):
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
        rows = torch.from_numpy(wide).to(device)
        teacher = Teacher(generator.to(device), critic.to(device), shaped.to(device), rows, spec)
        history = teacher.run(Kept(files, spec, wide))
        taught = generator.cpu()
        return (Steps if picture else Chain).of(taught), history, teacher.retries


class Teacher:
    """One course of training; everything lies on the device of `rows`."""

    sound: tuple[Tensor, ...]

    def __init__(
        self, generator: nn.Module, critic: nn.Module, shaped: nn.Module, rows: Tensor,
        spec: GenerateSpec,
    ) -> None:  # fmt: skip
        self.generator, self.critic, self.shaped = generator, critic, shaped
        self.rows, self.spec = rows, spec
        adam = AdamWSpec(betas=BETAS)
        self.makes: FlatOptimizer = adam.over(generator, weight_decay=0.0, l1=0.0, l2=0.0)
        self.judges: FlatOptimizer = adam.over(critic, weight_decay=0.0, l1=0.0, l2=0.0)
        self.averaged = self.makes.values.clone()
        self.lr, self.retries = spec.lr, 0
        self._keep()

    def run(self, kept: Kept) -> list[dict[str, float]]:
        spec, history = self.spec, list[dict[str, float]]()
        every = max(1, spec.steps // REPORTS)
        done = kept.begin(self, history)
        for step in progress(range(done + 1, spec.steps + 1), "train", unit="steps"):
            line = self._step(step)
            if step % every and step < spec.steps:
                continue
            told = {"epoch": float(step), **{name: float(value) for name, value in line.items()}}
            if not self._is_finite(told):
                self._go_back(step)
            else:
                history.append(told)
                if told["slope"] < STEEPEST:
                    self._keep()
            kept.note(self, history, step)
        if not history:
            raise self._diverged(spec.steps)
        self.makes.values.copy_(self.averaged)
        return history

    def _step(self, step: int) -> dict[str, Tensor]:
        """Take a step of the generator, and before it the critic's."""
        spec = self.spec
        lr = self.lr * min(1.0, 2.0 * (1 - (step - 1) / spec.steps))
        for _ in range(spec.critic_steps):
            apart, slope = self._judge(lr)
        made = self._make(lr)
        decay = min(spec.ema, 1 - 1 / step)
        self.averaged.mul_(decay).add_(self.makes.values, alpha=1 - decay)
        return {"wasserstein": apart, "slope": slope, "generator_loss": made}

    def _is_finite(self, told: Mapping[str, float]) -> bool:
        weights = (self.averaged, self.makes.values, self.judges.values)
        return all(np.isfinite(list(told.values()))) and all(
            bool(part.isfinite().all()) for part in weights
        )

    def _keep(self) -> None:
        """Remember the weights of now as sound; a GAN has no loss that says which are best."""
        weights = (self.averaged, self.makes.values, self.judges.values)
        self.sound = tuple(part.clone() for part in weights)

    def _go_back(self, step: int) -> None:
        """Go on from the last sound weights with half the learning rate. Raises `InputError`."""
        self.retries += 1
        if self.retries > MAX_RETRIES:
            raise self._diverged(step)
        self.lr *= 0.5
        averaged, made, judged = self.sound
        self.averaged.copy_(averaged)
        self.makes.reset(made)
        self.judges.reset(judged)

    def _diverged(self, step: int) -> InputError:
        return InputError(
            "params.yaml: generate.lr must let the losses stay finite, however: they are not "
            f"after {step} steps at {self.lr:g}, after {min(self.retries, MAX_RETRIES)} fresh "
            "starts. Lower generate.lr, or scale extreme features under preprocess.columns"
        )

    def _fakes(self, count: int) -> Tensor:
        noise = torch.randn(count, self.spec.latent, device=self.rows.device)
        return torch.as_tensor(self.shaped(self.generator(noise)))

    def _judge(self, lr: float) -> tuple[Tensor, Tensor]:
        """Take one step of the critic; return the distance it sees and its mean slope."""
        count, device = min(self.spec.batch_size, len(self.rows)), self.rows.device
        real = self.rows[torch.randint(len(self.rows), (count,), device=device)]
        with torch.no_grad():
            fake = self._fakes(count)
        between = torch.lerp(fake, real, torch.rand(count, 1, device=device)).requires_grad_()
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
