"""AdamW over flat buffers: every parameter is a view into one tensor, one fused call per group.

Building any `torch.optim` optimiser imports torch._dynamo, some 7 s of CPU; the fused kernel that
`torch.optim.AdamW(fused=True)` calls is called here directly (pinned torch, contract test).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class _Group:
    """Parameters that share decay and learning rate; all tensors are `(n,)` views."""

    values: Tensor
    gradients: Tensor
    mean: Tensor
    square: Tensor
    step: Tensor
    weight_decay: float
    lr_multiplier: float


class FlatAdamW:
    """AdamW (Loshchilov & Hutter, 2019) for the parameters of a module.

    Vectors (biases, norms) are exempt from weight decay; `networks.modules.parameters.mark` exempts
    other parameters and scales learning rates.
    """

    def __init__(
        self, module: nn.Module, *, weight_decay: float, betas: tuple[float, float]
    ) -> None:
        self.betas = betas
        grouped: dict[tuple[float, float], list[nn.Parameter]] = {}
        for parameter in module.parameters():
            is_exempt = parameter.ndim < 2 or getattr(parameter, "no_decay", False)
            decay = 0.0 if is_exempt else weight_decay
            key = (decay, float(getattr(parameter, "lr_multiplier", 1.0)))
            grouped.setdefault(key, []).append(parameter)
        ordered = [parameter for group in grouped.values() for parameter in group]
        self.parameters = ordered
        self.values = torch.cat([parameter.detach().reshape(-1) for parameter in ordered])
        self.gradients = torch.zeros_like(self.values)
        self._mean = torch.zeros_like(self.values)
        self._square = torch.zeros_like(self.values)
        self.groups: list[_Group] = []
        start = 0
        for (decay, multiplier), parameters in grouped.items():
            stop = start
            for parameter in parameters:
                piece = slice(stop, stop + parameter.numel())
                parameter.data = self.values[piece].view_as(parameter)
                stop = piece.stop
            whole = slice(start, stop)
            self.groups.append(
                _Group(
                    self.values[whole],
                    self.gradients[whole],
                    self._mean[whole],
                    self._square[whole],
                    torch.zeros((), device=self.values.device),
                    decay,
                    multiplier,
                )
            )
            start = stop

    def differentiate(self, loss: Tensor) -> None:
        """Fill `gradients` with the derivative of `loss`, 0 for parameters that it does not use."""
        parts = torch.autograd.grad(loss, self.parameters, materialize_grads=True)
        torch.cat([part.reshape(-1) for part in parts], out=self.gradients)

    def step(self, lr: float, clip_norm: float = math.inf) -> Tensor:
        """Move the parameters against their gradient, shortened to at most `clip_norm`.

        Returns the length of the gradient before, a scalar on the device.
        """
        length: Tensor = torch.linalg.vector_norm(self.gradients)
        excess = (length / clip_norm).clamp(min=1.0)
        for group in self.groups:
            group.step.add_(1.0)
            torch._fused_adamw_(
                [group.values],
                [group.gradients],
                [group.mean],
                [group.square],
                [],
                [group.step],
                lr=lr * group.lr_multiplier,
                beta1=self.betas[0],
                beta2=self.betas[1],
                weight_decay=group.weight_decay,
                eps=1e-8,
                amsgrad=False,
                maximize=False,
                grad_scale=excess,
            )
        return length

    def reset(self, values: Tensor) -> None:
        """Put the parameters `values (n,)` back and forget all past gradients."""
        self.values.copy_(values)
        for buffer in (self._mean, self._square):
            buffer.zero_()
        for group in self.groups:
            group.step.zero_()
