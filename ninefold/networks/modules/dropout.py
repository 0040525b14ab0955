"""Dropout and SiLU for training on a CPU, where random numbers and `exp` cost much of a step.

On other devices, and in evaluation, these are the operations of `torch.nn.functional`.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class KeepMask:
    """Draws dropout masks: 0 for a share `p` of the values, else 1 / (1 - p).

    16 bits per value (`p` is met to 1 / 65,536) from NumPy's SFC64, which torch's generator seeds
    at the first draw: a tenth of the time of `torch.bernoulli`, and as reproducible.

    >>> mask = KeepMask(0.25).like(torch.empty(1000, 100))
    >>> 0.24 < (mask == 0).float().mean() < 0.26
    tensor(True)
    """

    def __init__(self, p: float) -> None:
        self.p = p
        self._bits: np.random.SFC64 | None = None

    def like(self, x: Tensor) -> Tensor:
        """Return a mask with the shape and type of `x`."""
        if self._bits is None:
            self._bits = np.random.SFC64(int(torch.randint(0, 2**62, ())))
        count = x.numel()
        bits = self._bits.random_raw((count + 3) // 4).view(np.uint16)[:count]
        kept = torch.from_numpy((bits >= round(self.p * 65536)).view(np.uint8))
        return kept.to(x.dtype).mul_(1.0 / (1.0 - self.p)).view(x.shape)


class FastDropout(nn.Module):
    """Zeroes a share `p` of the values while training and scales up the rest; any shape in and out.

    >>> dropped = FastDropout(0.25)(torch.ones(1000, 100))
    >>> 0.24 < (dropped == 0).float().mean() < 0.26
    tensor(True)
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p, self._mask = p, KeepMask(p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.p:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.p)
        return x * self._mask.like(x)


class SiLUDropout(nn.Module):
    """`SiLU`, then dropout with probability `p` while training; any shape in and out.

    Training on a CPU it overwrites its input, and computes its derivative on the way forward from
    the sigmoid at hand: two buffers and one `exp` per value in place of five and two.

    >>> x = torch.randn(1000, 100)
    >>> dropped = SiLUDropout(0.25)(x.clone())
    >>> torch.allclose(dropped[dropped != 0] * 0.75, F.silu(x)[dropped != 0], atol=1e-6)
    True
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p, self._mask = p, KeepMask(p)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return F.silu(x)
        if x.device.type != "cpu":
            return F.dropout(F.silu(x), self.p)
        mask = self._mask.like(x) if self.p else None
        dropped: Tensor = _MaskedSiLU.apply(x, mask)  # type: ignore[no-untyped-call]
        return dropped


class _MaskedSiLU(torch.autograd.Function):
    """`silu(x) * mask`, in place; for one backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mask: Tensor | None) -> Tensor:
        slope = torch.sigmoid(x)
        x.mul_(slope)
        slope.lerp_(torch.ones((), dtype=x.dtype), x)  # silu' = sigmoid + silu * (1 - sigmoid)
        if mask is not None:
            x.mul_(mask)
            slope.mul_(mask)
        ctx.mark_dirty(x)
        ctx.save_for_backward(slope)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return slope.mul_(gradient), None
