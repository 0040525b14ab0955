"""Huber loss: squared near zero, absolute further out."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.mse import deviations, mean_value
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class HuberSpec(ObjectiveSpec):
    """Huber loss (1964) on the standardised target: a mean that outliers hardly move."""

    kind: Literal["huber"] = "huber"
    task: ClassVar[Task] = "regression"
    delta: float = Field(1.0, gt=0)
    """Where it turns from squared to absolute, in standard deviations of the target."""

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows, members and targets."""
        import torch.nn.functional as F  # noqa: N812

        errors = deviations(outputs, y)
        losses = F.huber_loss(
            errors, errors.new_zeros(()).expand_as(errors), reduction="none", delta=self.delta
        )
        return (losses.mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, T)`."""
        return mean_value(outputs)
