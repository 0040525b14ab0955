"""How numbers are scaled; one file per choice."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.config import Spec

if TYPE_CHECKING:
    from ninefold.graph import Graph

LEAST_SPREAD = 1e-290
"""A smaller spread cannot be divided by in double precision; it counts as none."""


class ScalerSpec(Spec):
    """One way to scale; an affine one only says how its offset and spread are fitted.

    Scaled value = (prepared value - offset) / spread.
    """

    kind: str
    """Which way."""
    has_limits: ClassVar[bool] = False
    """Outliers do no harm, so that they need no smooth clipping."""

    @property
    def group(self) -> str:
        """Columns of the same group share their nodes."""
        return "affine"

    def fit(self, values: Array) -> Any:
        """Return what `emit` needs for one column, from its finite train values `(n,)`, n > 0."""
        offset, spread = self.offset_and_spread(values)
        return offset, spread if spread > LEAST_SPREAD else 1.0

    def offset_and_spread(self, values: Array) -> tuple[float, float]:
        """Return the two numbers of an affine scale."""
        raise NotImplementedError

    def prepare(self, graph: "Graph", values: str) -> str:
        """Add the nodes that come before the affine scale; `[N, C]` -> `[N, C]` doubles."""
        return values

    def emit(self, graph: "Graph", values: str, fitted: list[Any]) -> str:
        """Add the nodes that scale `[N, C]` doubles, given what was fitted for each column."""
        offset, spread = (np.array(part, dtype=np.float64) for part in zip(*fitted, strict=True))
        return graph.Div(graph.Sub(self.prepare(graph, values), offset), spread)
