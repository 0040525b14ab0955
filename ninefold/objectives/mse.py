"""Mean squared error."""

from typing import TYPE_CHECKING, ClassVar, Literal

from ninefold.objectives import ObjectiveSpec
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class MSESpec(ObjectiveSpec):
    """Mean squared error on the standardised target: estimates the mean."""

    kind: Literal["mse"] = "mse"
    task: ClassVar[Task] = "regression"
    is_default: ClassVar[bool] = True

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows and members."""
        errors = outputs.float().squeeze(2) - y.unsqueeze(1)
        return (errors.square().mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, 1)`."""
        return mean_value(outputs)


def mean_value(outputs: "Tensor") -> "Tensor":
    """Average members `(B, M, 1)` into `(B, 1)` by a matrix product, alike in every batch."""
    members = outputs.shape[1]
    return outputs.float().squeeze(2) @ outputs.new_full((members, 1), 1.0 / members).float()
