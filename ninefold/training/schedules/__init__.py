"""Learning rate as a function of where training stands: one file per schedule, holding its Spec.

A new schedule is one new file here; `train.schedule.kind` finds it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from ninefold.config import Spec
from ninefold.registry import OneOf


@dataclass(frozen=True)
class Standing:
    """Where training stands at the beginning of an epoch."""

    steps: int
    """Steps of the whole training."""
    epoch: int
    """Epochs done."""
    goals: tuple[float, ...] = ()
    """What was watched after each of them, to be maximised."""


class ScheduleSpec(Spec, ABC):
    """Describes how the learning rate rises and falls."""

    kind: str
    warmup: float = Field(0.02, ge=0, lt=1)
    """Share of all steps over which the learning rate rises from 0."""

    def factor(self, step: int, standing: Standing) -> float:
        """Return the factor on the learning rate for a step, from 0 on, of the current epoch."""
        rising = self.warmup * standing.steps
        factor = min(1.0, (step + 1) / rising) if rising > 0 else 1.0
        return factor * self.shape(step / standing.steps, standing)

    @abstractmethod
    def shape(self, progress: float, standing: Standing) -> float:
        """Return the factor without warm-up after a share `progress` of all steps."""


Schedule = Annotated[ScheduleSpec, OneOf("ninefold.training.schedules")]
