"""From 0 to 1."""

from typing import ClassVar, Literal

from ninefold.columns import Array
from ninefold.preprocessing.scaling import ScalerSpec


class MinMaxSpec(ScalerSpec):
    """The train rows lie between 0 and 1."""

    kind: Literal["min_max"] = "min_max"
    has_limits: ClassVar[bool] = True

    def offset_and_spread(self, values: Array) -> tuple[float, float]:
        """Return minimum and range."""
        low = float(values.min())
        return low, float(values.max()) - low
