"""L-BFGS, for small data."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.training.optimizers import OptimizerSpec

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

    from ninefold.training.lbfgs import FlatLBFGS
    from ninefold.training.optimizer import Group


class LBFGSSpec(OptimizerSpec):
    """Limited-memory BFGS (Liu & Nocedal, 1989) on all train rows at once, without dropout.

    Each step is as long as it may be while the loss falls enough (Armijo, 1966); weight decay is
    part of the loss.
    """

    kind: Literal["lbfgs"] = "lbfgs"
    lr: ClassVar[float] = 1.0
    takes_all_rows: ClassVar[bool] = True
    history_size: int = Field(10, ge=1, le=1000)
    """Past steps that the curvature is estimated from."""
    iterations: int = Field(5, ge=1, le=1000)
    """Steps per epoch."""

    def over(
        self, module: "Module", *, weight_decay: float, l1: float = 0.0, l2: float = 0.0
    ) -> "FlatLBFGS":
        """Return the optimizer of a module's parameters."""
        from ninefold.training.lbfgs import FlatLBFGS

        return FlatLBFGS(module, self, weight_decay=0.0, l1=l1, l2=l2 + weight_decay)

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step of plain gradient descent; `FlatLBFGS` moves all groups at once."""
        group.values.add_(group.gradients, alpha=-lr)
