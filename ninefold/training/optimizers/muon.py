"""Muon."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.training.optimizers import OptimizerSpec, Share
from ninefold.training.optimizers.adamw import fused_adamw

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

    from ninefold.training.optimizer import Group

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration that brings singular values near 1 (Jordan, 2024)."""
MATRIX = "matrix"


class MuonSpec(OptimizerSpec):
    """Muon (Jordan et al., 2024): weight matrices move by orthogonal matrices, the rest by AdamW.

    Steps are as long as AdamW's (Liu et al., 2025, arXiv 2502.16982), so that learning rate and
    weight decay carry over. Convolution filters count as matrices, one row per filter.
    """

    kind: Literal["muon"] = "muon"
    lr: ClassVar[float] = 0.002
    weight_decay: ClassVar[float] = 0.02
    buffers: ClassVar[tuple[str, ...]] = ("mean", "square")
    momentum: Share = 0.95
    """Memory of a matrix's gradient."""
    nesterov: bool = True
    """Look ahead along the momentum."""
    iterations: int = Field(5, ge=1, le=20)
    """Newton-Schulz iterations per step."""
    betas: tuple[Share, Share] = (0.9, 0.95)
    """AdamW's memory of the gradient and of its square, for all that is no matrix."""

    def family(self, parameter: "Parameter") -> str:
        """Tell matrices and filters from the rest."""
        is_matrix = parameter.ndim in (2, 4, 5) and not getattr(parameter, "no_decay", False)
        return MATRIX if is_matrix else ""

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step: matrix by matrix, or by AdamW's fused kernel."""
        if group.family != MATRIX:
            fused_adamw(group, lr, excess, self.betas)
            return
        gradient = group.gradients.div_(excess)
        mean = group.buffers["mean"].lerp_(gradient, 1.0 - self.momentum)
        ahead = gradient.lerp(mean, self.momentum) if self.nesterov else mean
        group.values.mul_(1.0 - lr * group.weight_decay)
        for values, direction in zip(
            group.matrices(group.values), group.matrices(ahead), strict=True
        ):
            length = 0.2 * max(values.shape) ** 0.5
            values.sub_(orthogonal(direction, self.iterations), alpha=lr * length)


def orthogonal(matrix: "Tensor", iterations: int) -> "Tensor":
    """Return `matrix (n, m)` with singular values near 1, by Newton-Schulz iterations."""
    import torch

    a, b, c = COEFFICIENTS
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if matrix.shape[0] > matrix.shape[1] else x
