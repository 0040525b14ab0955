"""Logarithmic, for what grows by factors."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.moments import deviation, mean
from ninefold.preprocessing.scaling import ScalerSpec

if TYPE_CHECKING:
    from ninefold.graph import Graph


class LogSpec(ScalerSpec):
    """sign(x) · log(1 + |x|), then mean 0 and standard deviation 1."""

    kind: Literal["log"] = "log"

    @property
    def group(self) -> str:
        """Logarithms share their nodes with each other only."""
        return "log"

    def offset_and_spread(self, values: Array) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithms."""
        logarithms = np.sign(values) * np.log(1.0 + np.abs(values))
        return mean(logarithms), deviation(logarithms)

    def prepare(self, graph: "Graph", values: str) -> str:
        """Take the logarithm."""
        size = graph.elementwise("Log", graph.Add(graph.Abs(values), 1.0))
        return graph.Mul(graph.Sign(values), size)
