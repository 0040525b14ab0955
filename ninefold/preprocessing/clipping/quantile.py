"""Limits at quantiles of the train rows."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from ninefold.columns import Array
from ninefold.preprocessing.clipping import ClipperSpec


class QuantileClipSpec(ClipperSpec):
    """Values beyond two quantiles of the train rows become those quantiles."""

    kind: Literal["quantile"] = "quantile"
    low: float = Field(default=0.01, ge=0, le=1)
    """Lower quantile."""
    high: float = Field(default=0.99, ge=0, le=1)
    """Upper quantile."""

    @model_validator(mode="after")
    def _ascend(self) -> "QuantileClipSpec":
        if self.low >= self.high:
            raise ValueError(f"low must be < high, however: {self.low} and {self.high}")
        return self

    def bounds(self, values: Array) -> tuple[float, float]:
        """Return the two quantiles."""
        low, high = np.quantile(values, [self.low, self.high])
        return float(low), float(high)
