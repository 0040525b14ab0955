"""Cross entropy, and beside it a contrast: rows of one class lie together before the last layer."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.objectives.cross_entropy import CrossEntropySpec

if TYPE_CHECKING:
    from torch import Tensor


class ContrastiveSpec(CrossEntropySpec):
    """Supervised contrastive learning (Khosla et al., 2020, arXiv 2004.11362, its L_out) of what
    the network's last layer reads, while that layer learns the classes by cross entropy.

    The contrast is among the rows of a batch: give it some of each class (`train.batch_size`). The
    loss on valid, and what is exported, are those of the classifier.
    """

    kind: Literal["contrastive"] = "contrastive"  # type: ignore[assignment]
    is_default: ClassVar[bool] = False
    reads_features: ClassVar[bool] = True
    contrast: float = Field(0.5, ge=0, le=100)
    """Weight of the contrast beside cross entropy."""
    temperature: float = Field(0.1, ge=0.01, le=10)
    """Lower ones look at the nearest rows of other classes only."""

    def feature_loss(self, features: "Tensor", y: "Tensor", weight: "Tensor") -> "Tensor":
        """Return `contrast` times the weighted mean over rows and members; rows without another of
        their class in the batch have no say.
        """
        import torch
        import torch.nn.functional as F  # noqa: N812

        directions = F.normalize(features.float(), dim=2).transpose(0, 1)
        likeness = directions @ directions.transpose(1, 2) / self.temperature
        itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
        alike = (y.unsqueeze(0) == y.unsqueeze(1)) & ~itself
        chances = torch.log_softmax(likeness.masked_fill(itself, -1e9), dim=2)
        count = alike.sum(dim=1)
        losses = -(chances * alike).sum(dim=2) / count.clamp(min=1)
        shares = weight * (count > 0)
        return self.contrast * (losses.mean(dim=0) * shares).sum() / shares.sum().clamp(min=1e-6)
