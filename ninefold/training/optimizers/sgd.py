"""Stochastic gradient descent, with momentum."""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import model_validator

from ninefold.training.optimizers import OptimizerSpec, Share

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training.optimizer import Group


class SGDSpec(OptimizerSpec):
    """Gradient descent; momentum as Sutskever et al., 2013, write it."""

    kind: Literal["sgd"] = "sgd"
    lr: ClassVar[float] = 0.05
    weight_decay: ClassVar[float] = 1e-4
    buffers: ClassVar[tuple[str, ...]] = ("velocity",)
    momentum: Share = 0.9
    """Share of the last step that goes on; 0 is plain gradient descent."""
    nesterov: bool = False
    """Look ahead along the momentum before the gradient is added."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("must have momentum > 0 for nesterov, however: 0")
        return self

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step by torch's fused kernel."""
        import torch

        torch._fused_sgd_(
            [group.values],
            [group.gradients],
            [group.buffers["velocity"]] if self.momentum else [],
            weight_decay=group.weight_decay,
            momentum=self.momentum,
            lr=lr,
            dampening=0.0,
            nesterov=self.nesterov,
            maximize=False,
            is_first_step=False,
            grad_scale=excess,
        )
