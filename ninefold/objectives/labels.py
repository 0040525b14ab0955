"""Binary cross entropy of each label of a row: several targets of two classes each."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.objectives import ObjectiveSpec
from ninefold.objectives.cross_entropy import log_mean_probability
from ninefold.problem import Task

if TYPE_CHECKING:
    from torch import Tensor


class LabelsSpec(ObjectiveSpec):
    """One question per label, does it hold; a row may have several, or none."""

    kind: Literal["labels"] = "labels"
    task: ClassVar[Task] = "classification"
    for_labels: ClassVar[bool] = True
    is_default: ClassVar[bool] = True
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Share of each answer that is moved towards one half."""

    def loss(self, outputs: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return the weighted mean over rows, members and labels."""
        import torch.nn.functional as F  # noqa: N812

        answers = y.float() * (1.0 - self.label_smoothing) + 0.5 * self.label_smoothing
        losses = F.binary_cross_entropy_with_logits(
            outputs.float(), answers.unsqueeze(1).expand(outputs.shape), reduction="none"
        )
        return (losses.flatten(1).mean(1) * weight).mean()

    def scores(self, outputs: "Tensor") -> "Tensor":
        """Return the log-odds of the members' mean probability, `(B, T)`."""
        import torch

        members, labels = outputs.shape[1:]
        answers = outputs.float().transpose(1, 2).reshape(-1, members)
        pairs = torch.stack([torch.zeros_like(answers), answers], dim=2)
        both = log_mean_probability(pairs)
        return (both[:, 1] - both[:, 0]).reshape(-1, labels)
