"""Nonlinearities whose exported form treats a row alike whatever batch it is in."""

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class ELU(nn.Module):
    """`x` above 0, `exp(x) - 1` below; any shape in and out (Clevert et al., 2016).

    Exported from `Relu`, `Min` and `Exp`: ONNX Runtime's `Elu` rounds a row by its place in the
    batch.

    >>> torch.allclose(ELU()(torch.tensor([-1.0, 2.0])), F.elu(torch.tensor([-1.0, 2.0])))
    True
    """

    def forward(self, x: Tensor) -> Tensor:
        if not torch.compiler.is_exporting():
            return F.elu(x)
        return F.relu(x) + (torch.exp(torch.minimum(x, torch.zeros(()))) - 1.0)


ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "elu": ELU,
    "sigmoid": nn.Sigmoid,
}
"""By their names in params."""
