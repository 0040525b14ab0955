"""No scaling."""

from typing import ClassVar, Literal

from ninefold.columns import Array
from ninefold.preprocessing.scaling import ScalerSpec


class UnscaledSpec(ScalerSpec):
    """Numbers stay as they are."""

    kind: Literal["none"] = "none"
    has_limits: ClassVar[bool] = True

    def offset_and_spread(self, values: Array) -> tuple[float, float]:
        """Return 0 and 1."""
        return 0.0, 1.0
