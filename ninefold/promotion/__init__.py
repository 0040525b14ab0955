"""Which model answers in production: compared with the one that does, then moved to, or not."""

from pydantic import Field

from ninefold.config import Spec


class PromoteSpec(Spec):
    """What a challenger must show on the sealed test part to take the champion's place.

    Margins of metrics are shares of the champion's value, so that they mean the same for every
    metric.
    """

    margin: float = Field(default=0.0, ge=0, lt=1)
    """How much worse the lower end of the gain's interval may be; 0: it must be better."""
    slice_margin: float = Field(default=0.02, ge=0, lt=1)
    """How much worse any slice of `evaluate.slices` may be."""
    calibration_margin: float = Field(default=0.02, ge=0, le=1)
    """By how much the expected calibration error may grow."""
    latency_ms: float = Field(default=50.0, gt=0)
    """Longest time for one row alone, on one thread (median)."""
    keep: int = Field(default=20, ge=2)
    """How many versions are kept for a rollback."""
    after_training: bool = False
    """Let the training flow promote at its end."""
