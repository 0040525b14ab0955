"""Dropout and SiLU for training on a CPU, where random numbers and `exp` cost much of a step.

On other devices, and in evaluation, these are the operations of `torch.nn.functional`.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ninefold.networks.modules.products import linear, weight_gradient

ONE = torch.ones(())


class KeepMask:
    """Draws dropout masks: 0 for a share `p` of the values, else 1 / (1 - p).

    8 bits per value (`p` is met to 1 / 512) from NumPy's SFC64, which torch's generator seeds at
    the first draw: a tenth of the time of `torch.bernoulli`, and as reproducible.

    >>> mask = KeepMask(0.25).of((1000, 100), torch.float32)
    >>> 0.24 < (mask == 0).float().mean() < 0.26
    tensor(True)
    """

    def __init__(self, p: float) -> None:
        self.dropped = min(round(p * 256), 255)
        self._bits: np.random.SFC64 | None = None

    def of(self, shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        """Return a mask."""
        if self._bits is None:
            self._bits = np.random.SFC64(int(torch.randint(0, 2**62, ())))
        count = math.prod(shape)
        bits = self._bits.random_raw((count + 7) // 8).view(np.uint8)[:count]
        kept = torch.from_numpy((bits >= self.dropped).view(np.uint8))
        return kept.to(dtype).mul_(256 / (256 - self.dropped)).view(shape)

    def state(self) -> list[int] | None:
        """Return what the next mask depends on, None before the first draw."""
        return None if self._bits is None else [int(n) for n in self._bits.state["state"]["state"]]

    def restore(self, state: list[int] | None) -> None:
        """Go on from what `state` gave."""
        self._bits = None
        if state is not None:
            self._bits = np.random.SFC64(0)
            whole = self._bits.state
            whole["state"]["state"] = np.array(state, dtype=np.uint64)
            self._bits.state = whole


def masks_of(module: nn.Module) -> Iterator[tuple[str, KeepMask]]:
    """Yield what draws random numbers of its own, by the name of its layer."""
    for name, layer in module.named_modules():
        for attribute, value in vars(layer).items():
            if isinstance(value, KeepMask):
                yield f"{name}.{attribute}", value


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
        return x * self._mask.of(x.shape, x.dtype)


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
        mask = self._mask.of(x.shape, x.dtype) if self.p else None
        dropped: Tensor = _MaskedSiLU.apply(x, mask)  # type: ignore[no-untyped-call]
        return dropped


class SiLULinear(nn.Linear):
    """A linear layer, `SiLU` and dropout: `(B, in_features) -> (B, out_features)`.

    Training on a CPU it is one node of autograd's graph, with the derivative of `SiLUDropout`.

    >>> layer = SiLULinear(4, 3, dropout=0.25)
    >>> layer(torch.zeros(5, 4)).shape
    torch.Size([5, 3])
    """

    def __init__(self, in_features: int, out_features: int, *, dropout: float) -> None:
        super().__init__(in_features, out_features)
        self.p, self._mask = dropout, KeepMask(dropout)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return F.silu(super().forward(x))
        if x.device.type != "cpu":
            return F.dropout(F.silu(super().forward(x)), self.p)
        return _in_one_node(x, [self])

    def mask(self, rows: int, dtype: torch.dtype) -> Tensor | None:
        """Draw what dropout does to so many rows, None without dropout."""
        return self._mask.of((rows, self.out_features), dtype) if self.p else None


class SiLULayers(nn.Sequential):
    """Layers one after the other, `(B, I) -> (B, O)`.

    Training on a CPU, `SiLULinear`s alone are one node of autograd's graph.
    """

    def forward(self, x: Tensor) -> Tensor:
        layers = [layer for layer in self if isinstance(layer, SiLULinear)]
        if self.training and x.device.type == "cpu" and 0 < len(layers) == len(self):
            return _in_one_node(x, layers)
        for layer in self:
            x = layer(x)
        return x


def _in_one_node(x: Tensor, layers: list[SiLULinear]) -> Tensor:
    """Return what the layers give one after the other, training on a CPU."""
    parameters = [parameter for layer in layers for parameter in (layer.weight, layer.bias)]
    dropped: Tensor = _MaskedSiLULinears.apply(x, layers, *parameters)  # type: ignore[no-untyped-call]
    return dropped


class _MaskedSiLU(torch.autograd.Function):
    """`silu(x) * mask`, in place; for one backward pass."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, mask: Tensor | None) -> Tensor:
        slope = masked_silu_(x, mask)
        ctx.mark_dirty(x)
        ctx.save_for_backward(slope)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (slope,) = ctx.saved_tensors
        return slope.mul_(gradient), None


class _MaskedSiLULinears(torch.autograd.Function):
    """`silu(x @ weight.T + bias) * mask`, layer after layer; for one backward pass.

    Takes `x`, the layers, then weight and bias of each.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, layers: list[SiLULinear], *parameters: Tensor) -> Tensor:
        saved = []
        for layer, weight, bias in zip(layers, parameters[::2], parameters[1::2], strict=True):
            y = linear(x, weight, bias)
            saved += [x, weight, masked_silu_(y, layer.mask(len(x), x.dtype))]
            x = y
        ctx.save_for_backward(*saved)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        saved, found = ctx.saved_tensors, list[Tensor | None]()
        for layer in range(len(saved) - 3, -1, -3):
            x, weight, slope = saved[layer : layer + 3]
            slope.mul_(gradient)
            found += [slope.sum(0), weight_gradient(x, slope)]
            if layer or ctx.needs_input_grad[0]:
                gradient = linear(slope, weight.T)
        return gradient if ctx.needs_input_grad[0] else None, None, *reversed(found)


def masked_silu_(x: Tensor, mask: Tensor | None) -> Tensor:
    """Overwrite `x` by `silu(x) * mask` and return the derivative, of the same shape."""
    slope = torch.sigmoid(x)
    x.mul_(slope)
    slope.lerp_(ONE.to(x.dtype), x)  # silu' = sigmoid + silu * (1 - sigmoid)
    if mask is not None:
        x.mul_(mask)
        slope.mul_(mask)
    return slope
