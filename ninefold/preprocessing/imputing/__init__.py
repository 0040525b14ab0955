"""What stands for missing numbers; one file per choice."""

from abc import ABC, abstractmethod

from ninefold.columns import Array
from ninefold.config import Spec


class ImputerSpec(Spec, ABC):
    """One way to fill missing values."""

    kind: str
    """Which way."""

    @abstractmethod
    def fill(self, values: Array) -> float:
        """Return what stands for a missing value, from the finite train values `(n,)`, n > 0."""
