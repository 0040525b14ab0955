"""Binary cross entropy of each class against the rest."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.columns import Array
from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.cross_entropy import balanced_weight
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class BCESpec(ObjectiveSpec):
    """One question per class, is it this one or not; for two or more classes.

    Beside cross entropy it may say that a row fits none of the classes; probabilities are the
    answers, divided by their sum.
    """

    kind: Literal["bce"] = "bce"
    task: ClassVar[Task] = "classification"
    class_weight: Literal["none", "balanced"] = "none"
    """balanced: every class weighs the same in sum. Probabilities then no longer match how often
    a class occurs."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Share of each answer that is moved towards one half."""

    def sample_weight(self, y: Array) -> Array:
        """Return weights `(N,)` with a mean of 1."""
        return balanced_weight(y) if self.class_weight == "balanced" else super().sample_weight(y)

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows and members of the sum over classes."""
        import torch.nn.functional as F  # noqa: N812

        answers = F.one_hot(y, outputs.shape[2]).unsqueeze(1).to(outputs.dtype).float()
        answers = answers * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        losses = F.binary_cross_entropy_with_logits(
            outputs.float(), answers.expand(outputs.shape), reduction="none"
        )
        return (losses.sum(2).mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the log of the members' mean answers, divided by their sum, `(B, K)`.

        log sigmoid is the first of `log_softmax([x, 0])`, the same to the last bit in any batch.
        """
        import torch

        pairs = torch.stack([outputs.float(), torch.zeros_like(outputs).float()], dim=3)
        logarithms = torch.log_softmax(pairs, dim=3)[..., 0].transpose(1, 2)
        total = logarithms.amax(2) - torch.log_softmax(logarithms, dim=2).amax(2)
        return torch.log_softmax(total, dim=1)
