"""Adam."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.training.optimizers import OptimizerSpec, Share
from ninefold.training.optimizers.adamw import fused_adamw

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
        fused_adamw(group, lr, excess, self.betas, "_fused_adam_")
