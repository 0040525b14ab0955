"""AdamW."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.training.optimizers import OptimizerSpec, Share

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training.optimizer import Group


class AdamWSpec(OptimizerSpec):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter, 2019)."""

    kind: Literal["adamw"] = "adamw"
    lr: ClassVar[float] = 0.002
    weight_decay: ClassVar[float] = 0.02
    buffers: ClassVar[tuple[str, ...]] = ("mean", "square")
    betas: tuple[Share, Share] = (0.9, 0.95)
    """Memory of the gradient and of its square."""

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step by torch's fused kernel."""
        fused_adamw(group, lr, excess, self.betas)


def fused_adamw(
    group: "Group",
    lr: float,
    excess: "Tensor",
    betas: tuple[float, float],
    kernel: str = "_fused_adamw_",
) -> None:
    """Call what `torch.optim.AdamW(fused=True)` calls, or its twin `_fused_adam_`."""
    import torch

    group.step.add_(1.0)
    getattr(torch, kernel)(
        [group.values],
        [group.gradients],
        [group.buffers["mean"]],
        [group.buffers["square"]],
        [],
        [group.step],
        lr=lr,
        beta1=betas[0],
        beta2=betas[1],
        weight_decay=group.weight_decay,
        eps=1e-8,
        amsgrad=False,
        maximize=False,
        grad_scale=excess,
    )
