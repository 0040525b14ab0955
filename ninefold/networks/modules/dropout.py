"""Dropout that draws 16 random bits per value instead of one random number."""

import torch
from torch import Tensor, nn

LOWEST = -(2**63)


class BitDropout(nn.Module):
    """Zeroes a share of the values while training and scales up the rest; any shape in and out.

    Four times fewer draws than `torch.nn.Dropout`, whose mask took a fifth of a training step on a
    CPU; `p` is met to 1 / 65,536. On other devices it is `torch.nn.functional.dropout`.

    >>> dropped = BitDropout(0.25)(torch.ones(1000, 100))
    >>> 0.24 < (dropped == 0).float().mean() < 0.26
    tensor(True)
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        if x.device.type != "cpu":
            return nn.functional.dropout(x, self.p)
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(LOWEST, None)
        kept = bits.view(torch.int16)[: x.numel()].view(x.shape) >= round(self.p * 65536) - 32768
        return x * kept.to(x.dtype).mul_(1.0 / (1.0 - self.p))
