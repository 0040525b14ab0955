"""Drops when nothing improves."""

import math
from typing import Literal

from pydantic import Field

from ninefold.training.schedules import ScheduleSpec, Standing


class PlateauSpec(ScheduleSpec):
    """Drops when what is watched on valid has not improved for more than `patience` epochs.

    As `torch.optim.lr_scheduler.ReduceLROnPlateau`.
    """

    kind: Literal["plateau"] = "plateau"
    gamma: float = Field(0.5, gt=0, lt=1)
    """Factor of each drop."""
    patience: int = Field(3, ge=0)
    """Epochs without improvement that are borne; keep it below `train.patience`."""
    floor: float = Field(0.001, ge=0, lt=1)
    """Share of the learning rate that is not gone below."""

    def shape(self, progress: float, standing: Standing) -> float:
        """Return gamma to the power of the drops so far.

        >>> spec = PlateauSpec(patience=1, warmup=0)
        >>> [spec.shape(0.5, Standing(10, 3, goals)) for goals in ((1, 2, 3), (3, 2), (3, 2, 2))]
        [1.0, 1.0, 0.5]
        """
        best, bad, factor = -math.inf, 0, 1.0
        for goal in standing.goals:
            bad = 0 if goal > best else bad + 1
            best = max(best, goal)
            if bad > self.patience:
                factor, bad = max(factor * self.gamma, self.floor), 0
        return factor
