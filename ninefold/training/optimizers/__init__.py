"""How weights move against their gradient: one file per optimizer, holding its Spec and its rule.

A new optimizer is one new file here; `train.optimizer.kind` finds it.
"""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field

from ninefold.config import Spec
from ninefold.registry import OneOf

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module, Parameter

    from ninefold.training.optimizer import FlatOptimizer, Group

Share = Annotated[float, Field(ge=0, lt=1)]


class OptimizerSpec(Spec, ABC):
    """Describes an optimizer; importing it must not import torch.

    Whatever an optimizer shares with `torch.optim` means the same here, and takes the same steps.
    """

    kind: str
    lr: ClassVar[float]
    """Learning rate unless `train.lr` is given."""
    weight_decay: ClassVar[float] = 0.0
    """Weight decay unless `train.weight_decay` is given."""
    buffers: ClassVar[tuple[str, ...]] = ()
    """What it remembers of past gradients, one number per parameter each; 0 at first."""
    takes_all_rows: ClassVar[bool] = False
    """Whether each step needs the gradient over all train rows, without dropout."""

    @abstractmethod
    def move(self, group: "Group", lr: float, excess: "Tensor") -> None:
        """Move the values of a group against its gradient, which is first divided by `excess`."""

    def family(self, parameter: "Parameter") -> str:
        """Return a name; parameters of different names never share a group."""
        return ""

    def over(
        self, module: "Module", *, weight_decay: float, l1: float = 0.0, l2: float = 0.0
    ) -> "FlatOptimizer":
        """Return the optimizer of a module's parameters, which become views into flat buffers."""
        from ninefold.training.optimizer import FlatOptimizer

        return FlatOptimizer(module, self, weight_decay=weight_decay, l1=l1, l2=l2)


Optimizer = Annotated[OptimizerSpec, OneOf("ninefold.training.optimizers")]
