"""When which flow runs by itself: the section `schedule`, served by `ninefold schedule`."""

from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from ninefold.addresses import ClusterAddress
from ninefold.config import ColumnName, Spec
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


class ScoreWhenSpec(WhenSpec):
    """When files are scored."""

    inputs: tuple[str, ...] = Field(min_length=1)
    """Files and folders, relative to the workspace; what did not change stays as it is."""
    output: str = Field(min_length=1)
    """A file, or a folder with a file for each input."""
    model: str | None = None
    """The exported model, relative to the workspace, or `registry`; default: what is in production
    where something was promoted, else models/model.onnx."""
    keep: tuple[ColumnName, ...] = ()
    """Columns of the inputs that stand before the predictions."""
    scheduler: ClusterAddress | None = None
    """Address of a Dask scheduler (`tcp://host:8786`), whose workers then score."""


class MonitorWhenSpec(WhenSpec):
    """When a model in use is compared with its training."""

    data: tuple[str, ...] = Field(min_length=1)
    """Files and folders, also recorded by `ninefold serve`, relative to the workspace."""
    model: str | None = None
    """The exported model, relative to the workspace, or `registry`; default: what is in production
    where something was promoted, else models/model.onnx."""
    labels: str | None = None
    """Table with a column named as the target, once there are labels."""
    key: ColumnName | None = None
    """Column that joins labels and rows."""
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
    score: ScoreWhenSpec | None = None
    """Batch scoring."""
    monitor: MonitorWhenSpec | None = None
    """A model in use against its training; `monitor.retrain` says whether it starts a retrain."""

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing runs by itself."""
        return not any(getattr(self, name) for name in type(self).model_fields)
