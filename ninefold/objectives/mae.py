"""Mean absolute error."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.mse import deviations, mean_value
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class MAESpec(ObjectiveSpec):
    """Mean absolute error on the standardised target: estimates the median."""

    kind: Literal["mae"] = "mae"
    task: ClassVar[Task] = "regression"

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows, members and targets."""
        errors = deviations(outputs, y)
        return (errors.abs().mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, T)`."""
        return mean_value(outputs)
