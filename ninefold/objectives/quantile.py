"""Pinball loss: estimates a quantile."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.mse import deviations, mean_value
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class QuantileSpec(ObjectiveSpec):
    """Pinball loss (Koenker & Bassett, 1978) on the standardised target: what a share of all rows
    stays below.

    The reported metric does not measure that, so early stopping watches this loss on valid.
    """

    kind: Literal["quantile"] = "quantile"
    task: ClassVar[Task] = "regression"
    is_watched: ClassVar[bool] = True
    quantile: float = Field(0.5, gt=0, lt=1)
    """The share; 0.5 estimates the median."""

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows, members and targets."""
        import torch

        errors = -deviations(outputs, y)
        losses = torch.maximum(self.quantile * errors, (self.quantile - 1.0) * errors)
        return (losses.mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, T)`."""
        return mean_value(outputs)
