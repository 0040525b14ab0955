"""What holds outliers in; one file per choice."""

from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.config import Spec


class ClipperSpec(Spec):
    """One way to clip."""

    kind: str
    """Which way."""
    is_smooth: ClassVar[bool] = False
    """Squeezes the scaled value: x / sqrt(1 + (x / 3)²)."""

    def bounds(self, values: Array) -> tuple[float, float]:
        """Return the least and greatest value let through, from the finite train values `(n,)`."""
        return -np.inf, np.inf
