"""One rise and one fall."""

import math
from typing import Literal

from pydantic import Field

from ninefold.training.schedules import ScheduleSpec, Standing


class OneCycleSpec(ScheduleSpec):
    """Rises along a cosine for a third of the time, then falls far (Smith & Topin, 2018).

    Shaped as `torch.optim.lr_scheduler.OneCycleLR`.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    warmup: float = Field(0.3, gt=0, lt=1)
    """Share of all steps over which the learning rate rises."""
    start: float = Field(0.04, gt=0, le=1)
    """Share of the learning rate to start from."""
    end: float = Field(4e-6, ge=0, le=1)
    """Share of the learning rate to end at."""

    def factor(self, step: int, standing: Standing) -> float:
        """Return the factor on the learning rate for a step."""
        return self.shape(step / max(standing.steps - 1, 1), standing)

    def shape(self, progress: float, standing: Standing) -> float:
        """Return the rise or the fall; `progress` is 1 at the last step."""
        last = max(standing.steps - 1, 1)
        top = max(self.warmup * standing.steps - 1.0, 1e-9) / last
        if progress <= top:
            return _between(self.start, 1.0, progress / top)
        return _between(1.0, self.end, (progress - top) / (1.0 - top))


def _between(start: float, end: float, share: float) -> float:
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * share))
