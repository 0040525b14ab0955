"""A cosine, with or without restarts."""

import math
from typing import Literal

from pydantic import Field

from ninefold.training.schedules import ScheduleSpec, Standing


class CosineSpec(ScheduleSpec):
    """Falls along half a cosine, once or several times (SGDR: Loshchilov & Hutter, 2017)."""

    kind: Literal["cosine"] = "cosine"
    cycles: int = Field(1, ge=1, le=1000)
    """How often it falls; each time anew from the top."""
    floor: float = Field(0.0, ge=0, lt=1)
    """Share of the learning rate at the bottom."""

    def shape(self, progress: float, standing: Standing) -> float:
        """Return the cosine between 1 and the floor.

        >>> spec = CosineSpec(cycles=2, warmup=0)
        >>> [round(spec.factor(step, Standing(100, 0)), 2) for step in (0, 25, 49, 50, 75)]
        [1.0, 0.5, 0.0, 1.0, 0.5]
        """
        within = progress * self.cycles % 1.0
        return self.floor + (1.0 - self.floor) * 0.5 * (1.0 + math.cos(math.pi * within))
