"""The average."""

from typing import Literal

from ninefold.columns import Array
from ninefold.preprocessing.imputing import ImputerSpec
from ninefold.preprocessing.moments import mean


class MeanSpec(ImputerSpec):
    """Missing values become the mean."""

    kind: Literal["mean"] = "mean"

    def fill(self, values: Array) -> float:
        """Return the mean."""
        return mean(values)
