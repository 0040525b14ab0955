"""Flat, then a cosine."""

import math
from typing import Literal

from pydantic import Field

from ninefold.training.schedules import ScheduleSpec, Standing


class FlatCosSpec(ScheduleSpec):
    """Stays, then falls to 0 along half a cosine."""

    kind: Literal["flat_cos"] = "flat_cos"
    flat: float = Field(0.5, ge=0, le=1)
    """Share of all steps after which the learning rate falls."""

    def shape(self, progress: float, standing: Standing) -> float:
        """Return 1, then the cosine.

        >>> spec, standing = FlatCosSpec(), Standing(100, 0)
        >>> [round(spec.factor(step, standing), 2) for step in (0, 1, 50, 75, 99)]
        [0.5, 1.0, 1.0, 0.5, 0.0]
        """
        if progress <= self.flat:
            return 1.0
        return 0.5 * (1.0 + math.cos(math.pi * (progress - self.flat) / (1.0 - self.flat)))
