"""Adam."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.training.optimizers import OptimizerSpec, Share

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training.optimizer import Group


class AdamSpec(OptimizerSpec):
    """Adam (Kingma & Ba, 2015); weight decay is part of its gradient."""

    kind: Literal["adam"] = "adam"
    lr: ClassVar[float] = 0.002
    buffers: ClassVar[tuple[str, ...]] = ("mean", "square")
    betas: tuple[Share, Share] = (0.9, 0.999)
    """Memory of the gradient and of its square."""

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step by torch's fused kernel."""
        import torch

        group.step.add_(1.0)
        torch._fused_adam_(
            [group.values],
            [group.gradients],
            [group.buffers["mean"]],
            [group.buffers["square"]],
            [],
            [group.step],
            lr=lr,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=group.weight_decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
            grad_scale=excess,
        )
