"""Optimizers over flat buffers: every parameter is a view into one tensor, a few calls per step.

Building any `torch.optim` optimizer imports torch._dynamo, some 7 s of CPU; the fused kernels that
its optimizers call are called here directly (pinned torch, contract test).
"""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from ninefold.training.optimizers import OptimizerSpec

Losses = Callable[[], Iterable[Tensor]]
"""Gives the loss of a batch, in as many summands as it is worked off in, each time it is called."""


@dataclass
class Group:
    """Parameters that share decay, learning rate and family; all tensors are `(n,)` views."""

    values: Tensor
    gradients: Tensor
    buffers: dict[str, Tensor]
    step: Tensor
    shapes: tuple[torch.Size, ...]
    weight_decay: float
    is_exempt: bool
    lr_multiplier: float
    family: str

    def decayed_gradient(self, excess: Tensor) -> Tensor:
        """Return the gradient divided by `excess`, with weight decay as part of it."""
        gradient = self.gradients.div_(excess)
        if self.weight_decay:
            gradient.add_(self.values, alpha=self.weight_decay)
        return gradient

    def matrices(self, flat: Tensor) -> list[Tensor]:
        """Cut `flat (n,)` into the parameters' matrices, `(rows, columns)` views."""
        parts = torch.split(flat, [shape.numel() for shape in self.shapes])
        return [part.view(shape[0], -1) for part, shape in zip(parts, self.shapes, strict=True)]


class FlatOptimizer:
    """Moves the parameters of a module by the rule of an `OptimizerSpec`.

    Vectors (biases, norms) are exempt from weight decay, L1 and L2; `networks.modules.parameters`
    exempts other parameters and scales learning rates.

    Args:
        l1, l2: `l1 * |w|` and `l2 / 2 * w ** 2` are added to the loss.
    """

    def __init__(
        self,
        module: nn.Module,
        spec: "OptimizerSpec",
        *,
        weight_decay: float,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        self.spec, self.l1, self.l2 = spec, l1, l2
        grouped: dict[tuple[bool, float, str], list[nn.Parameter]] = {}
        for parameter in module.parameters():
            is_exempt = parameter.ndim < 2 or bool(getattr(parameter, "no_decay", False))
            multiplier = float(getattr(parameter, "lr_multiplier", 1.0))
            key = (is_exempt, multiplier, spec.family(parameter))
            grouped.setdefault(key, []).append(parameter)
        self.parameters = [parameter for group in grouped.values() for parameter in group]
        self.values = torch.cat([parameter.detach().reshape(-1) for parameter in self.parameters])
        self.gradients = torch.zeros_like(self.values)
        self.buffers = {name: torch.zeros_like(self.values) for name in spec.buffers}
        self.gather: Callable[[Tensor, Tensor], Tensor] | None = None
        """Adds what other processes found for the batch to gradients and loss."""
        self.average: Tensor | None = None
        self._decay, self._averaged = 0.0, 0
        self.groups: list[Group] = []
        start = 0
        for (is_exempt, multiplier, family), parameters in grouped.items():
            whole = self._adopt(parameters, start)
            self.groups.append(
                Group(
                    self.values[whole],
                    self.gradients[whole],
                    {name: buffer[whole] for name, buffer in self.buffers.items()},
                    torch.zeros((), device=self.values.device),
                    tuple(parameter.shape for parameter in parameters),
                    0.0 if is_exempt else weight_decay,
                    is_exempt,
                    multiplier,
                    family,
                )
            )
            start = whole.stop

    def _adopt(self, parameters: list[nn.Parameter], start: int) -> slice:
        """Make parameters views into `values` from `start` on; return the slice they take."""
        stop = start
        for parameter in parameters:
            piece = slice(stop, stop + parameter.numel())
            parameter.data = self.values[piece].view_as(parameter)
            stop = piece.stop
        return slice(start, stop)

    def differentiate(self, loss: Tensor, *, add: bool = False) -> None:
        """Fill `gradients` with the derivative of `loss`, 0 for parameters that it does not use.

        With `add` it is added to what is there.
        """
        parts = torch.autograd.grad(loss, self.parameters, materialize_grads=True)
        if add:
            self.gradients += torch.cat([part.reshape(-1) for part in parts])
        else:
            torch.cat([part.reshape(-1) for part in parts], out=self.gradients)

    def differentiate_all(self, losses: Losses) -> Tensor:
        """Fill `gradients` with the derivative of the summed losses; return their sum."""
        total: Tensor | None = None
        for loss in losses():
            self.differentiate(loss, add=total is not None)
            total = loss.detach() if total is None else total + loss.detach()
        assert total is not None
        return total

    def evaluate(self, losses: Losses) -> Tensor:
        """Fill `gradients` with the derivative of the summed losses and penalties.

        Returns the sum of the losses, without penalties.
        """
        return self.complete(self.differentiate_all(losses))

    def complete(self, total: Tensor) -> Tensor:
        """Add to `gradients` what other processes found and the penalties.

        Returns the loss, of which `total` is this process's share.
        """
        if self.gather is not None:
            total = self.gather(self.gradients, total)
        if self.l1 or self.l2:
            for group in self.groups:
                if not group.is_exempt:
                    group.gradients.add_(group.values, alpha=self.l2)
                    group.gradients.add_(group.values.sign(), alpha=self.l1)
        return total

    def take(self, losses: Losses, lr: float, clip_norm: float = math.inf) -> tuple[Tensor, Tensor]:
        """Take a step down the gradient; return loss and length of the gradient, both `()`."""
        return self.follow(self.evaluate(losses), lr, clip_norm)

    def follow(self, loss: Tensor, lr: float, clip_norm: float) -> tuple[Tensor, Tensor]:
        """Take a step down the gradient that is there; return what `take` returns."""
        length = self.step(lr, clip_norm)
        self.note()
        return loss, length

    def step(self, lr: float, clip_norm: float = math.inf) -> Tensor:
        """Move the parameters against their gradient, shortened to at most `clip_norm`.

        Returns the length of the gradient before, a scalar on the device.
        """
        length: Tensor = torch.linalg.vector_norm(self.gradients)
        excess = (length / clip_norm).clamp(min=1.0)
        for group in self.groups:
            self.spec.move(group, lr * group.lr_multiplier, excess)
        return length

    def start_average(self, decay: float) -> None:
        """Keep a running average of the weights from now on, of the last few at first.

        Decays as Polyak & Juditsky's (1992) average in its exponential form.
        """
        self.average, self._decay, self._averaged = self.values.clone(), decay, 0

    def note(self) -> None:
        """Take the weights into the running average."""
        if self.average is not None:
            self._averaged += 1
            decay = min(self._decay, self._averaged / (self._averaged + 9))
            self.average.lerp_(self.values, 1.0 - decay)

    @property
    def kept(self) -> Tensor:
        """The weights that count, `(n,)`: the average of the weights if there is one."""
        return self.values if self.average is None else self.average

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the module the weights that count inside the block."""
        if self.average is None:
            yield
            return
        own = self.values.clone()
        self.values.copy_(self.average)
        try:
            yield
        finally:
            self.values.copy_(own)

    def reset(self, values: Tensor) -> None:
        """Put the parameters `values (n,)` back and forget all past gradients."""
        self.values.copy_(values)
        for buffer in self.buffers.values():
            buffer.zero_()
        for group in self.groups:
            group.step.zero_()
        if self.average is not None:
            self.start_average(self._decay)

    def state(self) -> dict[str, Tensor]:
        """Return all that the next step depends on, by name."""
        state = {"values": self.values, **self.buffers}
        state["steps"] = torch.stack([group.step for group in self.groups])
        if self.average is not None:
            state["average"] = self.average
            state["averaged"] = torch.tensor(self._averaged)
        return state

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what `state` gave."""
        self.values.copy_(state["values"])
        for name, buffer in self.buffers.items():
            buffer.copy_(state[name])
        for group, step in zip(self.groups, state["steps"], strict=True):
            group.step.copy_(step)
        if self.average is not None:
            self.average.copy_(state["average"])
            self._averaged = int(state["averaged"])
