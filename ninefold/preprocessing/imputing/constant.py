"""A given number."""

from typing import Literal

from ninefold.columns import Array
from ninefold.preprocessing.imputing import ImputerSpec


class ConstantSpec(ImputerSpec):
    """Missing values become a given number."""

    kind: Literal["constant"] = "constant"
    value: float = 0.0
    """The number."""

    def fill(self, values: Array) -> float:
        """Return the given number."""
        return self.value
