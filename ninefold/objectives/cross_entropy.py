"""Cross entropy between the classes' probabilities and the class of a row."""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.objectives import ObjectiveSpec
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor

SMOOTHING_FOR_ACCURACY = 0.1
SMOOTHING_UNCALIBRATED, FEW_VALID = 0.02, 30
"""So few valid rows fit no temperature, nor do they show when a network becomes too sure."""


class CrossEntropySpec(ObjectiveSpec):
    """Cross entropy, for two or more classes."""

    kind: Literal["cross_entropy"] = "cross_entropy"
    task: ClassVar[Task] = "classification"
    is_default: ClassVar[bool] = True
    class_weight: Literal["none", "balanced"] = "none"
    """balanced: every class weighs the same in sum. Probabilities then no longer match how often
    a class occurs."""
    label_smoothing: float | None = Field(None, ge=0, lt=1)
    """Share of the target spread evenly over the classes; default: 0.1 when the reported metric is
    accuracy, 0.02 when it is log_loss or brier and fewer than 30 valid rows cannot calibrate, else
    0, since it harms AUC and log loss."""

    def for_metric(self, metric: str, valid_rows: int | None = None) -> Self:
        """Return the objective with its label smoothing settled."""
        if self.label_smoothing is not None:
            return self
        smoothing = SMOOTHING_FOR_ACCURACY if metric == "accuracy" else 0.0
        if metric in ("log_loss", "brier") and valid_rows is not None and valid_rows < FEW_VALID:
            smoothing = SMOOTHING_UNCALIBRATED
        return self.model_copy(update={"label_smoothing": smoothing})

    def sample_weight(self, y: Array) -> Array:
        """Return weights `(N,)` with a mean of 1."""
        return balanced_weight(y) if self.class_weight == "balanced" else super().sample_weight(y)

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows and members."""
        import torch.nn.functional as F  # noqa: N812

        members, classes = outputs.shape[1:]
        losses = F.cross_entropy(
            outputs.float().reshape(-1, classes),
            y.unsqueeze(1).expand(-1, members).reshape(-1),
            reduction="none",
            label_smoothing=self.label_smoothing or 0.0,
        )
        return (losses.view(-1, members) * weight.unsqueeze(1)).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the log of the members' mean probability, `(B, K)`."""
        return log_mean_probability(outputs)


def balanced_weight(y: Array) -> Array:
    """Return weights `(N,)` by which every class of the codes `y (N,)` weighs the same in sum."""
    classes, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray(len(y) / (len(classes) * counts[inverse]), dtype=np.float32)


def log_mean_probability(outputs: "Tensor") -> "Tensor":
    """Turn members' logits `(B, M, K)` into the log of their mean probability `(B, K)`.

    log sum exp = max - max(log_softmax): exact, and unlike `Log` and `ReduceSum` the same to the
    last bit whatever batch a row is in.
    """
    import math

    import torch

    logarithms = torch.log_softmax(outputs.float(), dim=2).transpose(1, 2)
    highest = logarithms.amax(2) - torch.log_softmax(logarithms, dim=2).amax(2)
    return highest - math.log(outputs.shape[1])
