"""RMSprop."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.training.optimizers import OptimizerSpec, Share

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training.optimizer import Group


class RMSpropSpec(OptimizerSpec):
    """RMSprop (Tieleman & Hinton, 2012): steps measured by the gradients of late."""

    kind: Literal["rmsprop"] = "rmsprop"
    lr: ClassVar[float] = 0.001
    buffers: ClassVar[tuple[str, ...]] = ("square", "velocity")
    alpha: Share = 0.99
    """Memory of the gradient's square."""
    momentum: Share = 0.0
    """Share of the last step that goes on."""

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step."""
        gradient, square = group.decayed_gradient(excess), group.buffers["square"]
        square.mul_(self.alpha).addcmul_(gradient, gradient, value=1.0 - self.alpha)
        scale = square.sqrt().add_(1e-8)
        if not self.momentum:
            group.values.addcdiv_(gradient, scale, value=-lr)
            return
        velocity = group.buffers["velocity"].mul_(self.momentum).addcdiv_(gradient, scale)
        group.values.add_(velocity, alpha=-lr)
