"""Large matrix products on a CPU, by oneDNN.

`addmm` and `mm` go to MKL, which on AMD's AVX-512 and at widths that are no multiple of 16 takes
up to half as long again.
"""

import torch
from torch import Tensor

LARGE = 2**24
"""Multiplications from which oneDNN's start is worth it: 256 rows of 256 by 256."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `x (B, I) @ weight (O, I).T + bias (O,)`; not for autograd to look into.

    >>> linear(torch.ones(2, 3), torch.ones(4, 3)).shape
    torch.Size([2, 4])
    """
    if is_for_onednn(x, weight):
        found: Tensor = torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
        return found
    return x @ weight.T if bias is None else torch.addmm(bias, x, weight.T)


def weight_gradient(x: Tensor, gradient: Tensor) -> Tensor:
    """Return `gradient (B, O).T @ x (B, I)`, `(O, I)`.

    MKL is the faster one here but for odd widths.
    """
    if x.shape[1] % 16 and is_for_onednn(gradient, x):
        return linear(gradient.T.contiguous(), x.T)
    return gradient.T @ x


def is_for_onednn(left: Tensor, right: Tensor) -> bool:
    """Tell whether oneDNN is there for the product of matrices that share one side, and pays.

    >>> is_for_onednn(torch.ones(2, 3), torch.ones(4, 3))
    False
    """
    return (
        left.shape[0] * right.shape[0] * right.shape[1] >= LARGE
        and left.dtype == torch.float32
        and left.device.type == "cpu"
        and not torch.is_autocast_enabled("cpu")
        and torch._C._has_mkldnn
    )
