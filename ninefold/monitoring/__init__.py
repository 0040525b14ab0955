"""A model in use: are rows and predictions like those of training, and are predictions right?"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ninefold.config import Spec
from ninefold.durations import duration_us


def _duration(text: str) -> str:
    duration_us(text)
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[float, Field(ge=0)]


class RetrainSpec(Spec):
    """When a finding starts the training flow, while `ninefold schedule` serves the monitor."""

    on: Literal["never", "block", "warn"] = "never"
    """The least verdict that does."""
    cooldown: Duration = "1d"
    """Time from one such start to the next."""
    most: int = Field(3, ge=0)
    """Starts within `per`."""
    per: Duration = "30d"
    """Period of the budget `most`."""


class MonitorSpec(Spec):
    """From when on a difference to the train rows warns or blocks; null: never.

    Sizes are population stability indices less what chance gives; a difference counts only if it is
    beyond chance too.
    """

    min_rows: int = Field(200, ge=1)
    """With fewer rows nothing is judged."""
    alpha: float = Field(0.01, gt=0, lt=1)
    """Share of false alarms among those raised, after Benjamini and Hochberg."""
    input_warn: Size | None = 0.1
    """Size of an input's shift."""
    input_block: Size | None = None
    """Size of an input's shift."""
    prediction_warn: Size | None = 0.1
    """Size of a shift of the predictions."""
    prediction_block: Size | None = 0.25
    """Size of a shift of the predictions."""
    missing_warn: Share | None = 0.02
    """Change of the share of rows in which an input is missing; also share of rows that hold a
    cell that cannot be read."""
    missing_block: Share | None = 0.5
    """The same, from when on it blocks."""
    range_warn: Share | None = 0.02
    """Share of rows in which a number is smaller or larger than in any train row."""
    range_block: Share | None = None
    """The same, from when on it blocks."""
    performance: Literal["block", "warn", "never"] = "block"
    """What it means that the interval of the metric lies wholly on the worse side of the test
    part's, once labels are there."""
    retrain: RetrainSpec = Field(default_factory=RetrainSpec)
    """Whether a finding starts the training flow."""
