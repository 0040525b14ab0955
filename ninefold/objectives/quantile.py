"""Pinball loss: estimates a quantile, or several at once."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.mse import deviations, mean_value
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor

MEDIAN = 0.5


class QuantileSpec(ObjectiveSpec):
    """Pinball loss (Koenker & Bassett, 1978) on the standardised target: what a share of all rows
    stays below.

    The reported metric does not measure that, so early stopping watches this loss on valid.
    """

    kind: Literal["quantile"] = "quantile"
    task: ClassVar[Task] = "regression"
    is_watched: ClassVar[bool] = True
    quantile: float = Field(MEDIAN, gt=0, lt=1)
    """The share; 0.5 estimates the median."""
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    """Several shares, such as [0.1, 0.5, 0.9]: the file then gives them all, rising in each row,
    and the one next to one half is the value. Of several targets each has its own."""

    @field_validator("quantiles")
    @classmethod
    def _rise(cls, quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if len(quantiles) == 1 or list(quantiles) != sorted(set(quantiles)):
            raise ValueError(f"must be two or more rising shares, however: {list(quantiles)}")
        return quantiles

    @property
    def levels(self) -> tuple[float, ...]:
        return self.quantiles

    @property
    def level(self) -> float | None:
        return None if self.quantiles else self.quantile

    @property
    def beyond_baselines(self) -> str:
        if self.quantiles:
            return f"quantiles {', '.join(map(str, self.quantiles))}"
        return "" if self.quantile == MEDIAN else f"quantile {self.quantile:g}"

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows, members, targets and quantiles."""
        import torch

        if not self.quantiles:
            errors = -deviations(outputs, y)
            losses = torch.maximum(self.quantile * errors, (self.quantile - 1.0) * errors)
            return (losses.mean(1) * weight).mean()
        apart = outputs.float().reshape(*outputs.shape[:2], -1, len(self.quantiles))
        errors = y.reshape(len(y), 1, -1, 1) - apart
        shares = torch.tensor(self.quantiles, device=errors.device)
        losses = torch.maximum(shares * errors, (shares - 1.0) * errors).flatten(1)
        return (losses.mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, T)`, or quantiles `(B, T * Q)`."""
        return mean_value(outputs)
