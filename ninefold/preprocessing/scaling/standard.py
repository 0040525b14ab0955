"""Mean 0, standard deviation 1."""

from typing import Literal

from ninefold.columns import Array
from ninefold.preprocessing.moments import deviation, mean
from ninefold.preprocessing.scaling import ScalerSpec


class StandardSpec(ScalerSpec):
    """Mean 0 and standard deviation 1 over the train rows."""

    kind: Literal["standard"] = "standard"

    def offset_and_spread(self, values: Array) -> tuple[float, float]:
        """Return mean and standard deviation."""
        return mean(values), deviation(values)
