"""Drops features that hardly vary."""

from typing import Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.preprocessing.selecting import SelectorSpec
from ninefold.problem import Task


class VarianceSpec(SelectorSpec):
    """Keeps features whose variance, after scaling, exceeds a threshold."""

    kind: Literal["variance"] = "variance"
    threshold: float = Field(default=1e-4, ge=0)
    """Least variance."""

    def keep(self, X: Array, y: Array, task: Task) -> Array:
        """Keep what varies more than the threshold."""
        return np.asarray(X.astype(np.float64).var(axis=0) > self.threshold)

    @property
    def reason(self) -> str:
        """Why a feature is dropped."""
        return f"its variance is at most {self.threshold:g}"
