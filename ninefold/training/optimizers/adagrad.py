"""Adagrad."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.training.optimizers import OptimizerSpec

if TYPE_CHECKING:
    from torch import Tensor

    from ninefold.training.optimizer import Group


class AdagradSpec(OptimizerSpec):
    """Adagrad (Duchi et al., 2011): the more a weight has moved, the less it moves."""

    kind: Literal["adagrad"] = "adagrad"
    lr: ClassVar[float] = 0.02
    buffers: ClassVar[tuple[str, ...]] = ("square",)

    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Take one step."""
        gradient, square = group.decayed_gradient(excess), group.buffers["square"]
        square.addcmul_(gradient, gradient)
        group.values.addcdiv_(gradient, square.sqrt().add_(1e-10), value=-lr)
