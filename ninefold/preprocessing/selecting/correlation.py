"""Drops features that repeat another."""

from typing import Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.preprocessing.selecting import SelectorSpec
from ninefold.problem import Task


class CorrelationSpec(SelectorSpec):
    """Of two features that correlate more than the threshold, keeps the first."""

    kind: Literal["correlation"] = "correlation"
    threshold: float = Field(default=0.98, gt=0, le=1)
    """Greatest absolute correlation."""

    def keep(self, X: Array, y: Array, task: Task) -> Array:
        """Keep a feature unless it correlates with one kept before."""
        with np.errstate(divide="ignore", invalid="ignore"):
            matrix = np.atleast_2d(np.corrcoef(X.astype(np.float64), rowvar=False))
        correlation = np.nan_to_num(np.abs(matrix))
        mask = np.zeros(X.shape[1], dtype=bool)
        for feature in range(X.shape[1]):
            mask[feature] = not (correlation[feature, mask] > self.threshold).any()
        return mask

    @property
    def reason(self) -> str:
        """Why a feature is dropped."""
        return f"it correlates more than {self.threshold:g} with another"
