"""Focal loss: cross entropy that dwells on the rows the network still gets wrong."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.columns import Array
from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.cross_entropy import balanced_weight, log_mean_probability
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class FocalSpec(ObjectiveSpec):
    """Focal loss (Lin et al., 2017, arXiv 1708.02002), for rare classes."""

    kind: Literal["focal"] = "focal"
    task: ClassVar[Task] = "classification"
    gamma: float = Field(2.0, ge=0, le=10)
    """How strongly rows that are already right are discounted; 0 is cross entropy."""
    class_weight: Literal["none", "balanced"] = "none"
    """balanced: every class weighs the same in sum."""

    def sample_weight(self, y: Array) -> Array:
        """Return weights `(N,)` with a mean of 1."""
        return balanced_weight(y) if self.class_weight == "balanced" else super().sample_weight(y)

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean of `(1 - p) ** gamma * -log p` over rows and members."""
        import torch

        logarithms = torch.log_softmax(outputs.float(), dim=2)
        index = y.view(-1, 1, 1).expand(-1, outputs.shape[1], 1)
        right = logarithms.gather(2, index).squeeze(2)
        losses = -((1.0 - right.exp()).clamp(min=1e-7) ** self.gamma) * right
        return (losses.mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the log of the members' mean probability, `(B, K)`."""
        return log_mean_probability(outputs)
