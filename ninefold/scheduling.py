"""When which flow runs by itself: the section `schedule`, served by `ninefold schedule`."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from ninefold.config import Spec
from ninefold.durations import duration_us

FIELDS = 5


def _cron(text: str) -> str:
    if len(text.split()) != FIELDS:
        raise ValueError(
            f"must have {FIELDS} fields (minute, hour, day, month, weekday) such as "
            f"'0 6 * * *', however: {text!r}"
        )
    return text


def _duration(text: str) -> str:
    if duration_us(text) < duration_us("1s"):
        raise ValueError(f"must be at least 1s, however: {text!r}")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"must be a time zone such as Europe/Berlin, however: {text!r}") from None
    return text


class WhenSpec(Spec):
    """When a flow starts: at times of the clock, or again and again."""

    cron: Annotated[str, AfterValidator(_cron)] | None = None
    """Minute, hour, day, month, weekday: `0 6 * * *` is every morning at six."""
    every: Annotated[str, AfterValidator(_duration)] | None = None
    """Time from start to start: 30min, 12h, 7d."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Time zone that `cron` is meant in."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise ValueError("must hold either cron or every")
        return self


class TrainingWhenSpec(WhenSpec):
    """When the training flow runs: what is up to date costs nothing."""

    push: bool = False
    """Push outputs and run-cache to the DVC remote at the end."""


class QualityWhenSpec(WhenSpec):
    """When fresh rows are checked."""

    data: str = Field(min_length=1)
    """The file of fresh rows, relative to the workspace; read anew each time."""
    strict: bool = False
    """Let warnings stop as well."""


class ScheduleSpec(Spec):
    """Which flows run by themselves while `ninefold schedule` serves them."""

    training: TrainingWhenSpec | None = None
    """Every stage that is not up to date."""
    quality: QualityWhenSpec | None = None
    """Fresh rows against suite and training data."""
    tuning: WhenSpec | None = None
    """Search of params; the winner is left to people to apply."""
