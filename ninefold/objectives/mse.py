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
        """Return the weighted mean over rows, members and targets."""
        errors = deviations(outputs, y)
        return (errors.square().mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the members' mean value, `(B, T)`."""
        return mean_value(outputs)


def deviations(outputs: "Tensor", y: "Tensor") -> "Tensor":
    """Return what outputs `(B, M, T)` are off from `y` `(B,)` or `(B, T)`, as `(B, M * T)`."""
    return (outputs.float() - y.reshape(len(y), 1, -1)).flatten(1)


def mean_value(outputs: "Tensor") -> "Tensor":
    """Average members `(B, M, T)` into `(B, T)` by a matrix product, alike in every batch."""
    members, targets = outputs.shape[1:]
    share = outputs.new_full((members, 1), 1.0 / members).float()
    if targets == 1:
        return outputs.float().squeeze(2) @ share
    return (outputs.float().transpose(1, 2).reshape(-1, members) @ share).reshape(-1, targets)
