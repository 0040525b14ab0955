"""Lion."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.training.optimizers import OptimizerSpec, Share

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training.optimizer import Group


class LionSpec(OptimizerSpec):
    """Lion (Chen et al., 2023, arXiv 2302.06675): steps of one length along the gradient's sign."""

    kind: Literal["lion"] = "lion"
    lr: ClassVar[float] = 0.0003
    weight_decay: ClassVar[float] = 0.1
    buffers: ClassVar[tuple[str, ...]] = ("mean",)
    betas: tuple[Share, Share] = (0.9, 0.99)
    """Share of the past in a step, and memory of the gradient."""

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step."""
        gradient, mean = group.gradients.div_(excess), group.buffers["mean"]
        direction = mean.lerp(gradient, 1.0 - self.betas[0]).sign_()
        group.values.mul_(1.0 - lr * group.weight_decay).add_(direction, alpha=-lr)
        mean.lerp_(gradient, 1.0 - self.betas[1])
