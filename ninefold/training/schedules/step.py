"""Drops every few epochs."""

from typing import Literal

from pydantic import Field

from ninefold.training.schedules import ScheduleSpec, Standing


class StepSpec(ScheduleSpec):
    """Drops by a factor every so many epochs."""

    kind: Literal["step"] = "step"
    every: int = Field(10, ge=1)
    """Epochs between drops."""
    gamma: float = Field(0.1, gt=0, lt=1)
    """Factor of each drop."""

    def shape(self, progress: float, standing: Standing) -> float:
        """Return gamma to the power of the drops so far.

        >>> spec = StepSpec(every=2, warmup=0)
        >>> [round(spec.factor(5, Standing(100, epoch)), 3) for epoch in range(5)]
        [1.0, 1.0, 0.1, 0.1, 0.01]
        """
        return self.gamma ** (standing.epoch // self.every)
