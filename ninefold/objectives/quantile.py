"""Pinball loss: estimates a quantile, or several at once."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, field_validator

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
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    """Several shares, such as [0.1, 0.5, 0.9]: the file then gives them all, rising in each row,
    and the one next to one half is the value. For one target."""

    @field_validator("quantiles")
    @classmethod
    def _rise(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if len(quantiles) == 1 or list(quantiles) != sorted(set(quantiles)):
            raise ValueError(f"must be two or more rising shares, however: {list(quantiles)}")
        return quantiles

    @property
    def levels(self) -> tuple[float, ...]:
        return self.quantiles

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows, members, and targets or quantiles."""
        import torch

        errors = -deviations(outputs, y)
        if not self.quantiles:
            losses = torch.maximum(self.quantile * errors, (self.quantile - 1.0) * errors)
            return (losses.mean(1) * weight).mean()
        shares = torch.tensor(self.quantiles, device=errors.device).repeat(outputs.shape[1])
        losses = torch.maximum(shares * errors, (shares - 1.0) * errors)
        return (losses.mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, T)`, or quantiles `(B, Q)`."""
        return mean_value(outputs)
