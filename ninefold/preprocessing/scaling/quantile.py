"""Even or normal distribution, by the ranks of the train rows."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.preprocessing.scaling import ScalerSpec

if TYPE_CHECKING:
    from ninefold.graph import Graph

EDGE = 1e-7 - np.spacing(1)
"""As in scikit-learn: shares are held inside [EDGE, 1 - EDGE] before they become normal."""


class QuantileSpec(ScalerSpec):
    """The share of the train rows below the value, or the normal deviate of that share.

    Equals scikit-learn's QuantileTransformer without sub-sampling.
    """

    kind: Literal["quantile"] = "quantile"
    quantiles: int = Field(default=200, ge=2, le=10_000)
    """Number of points the distribution is learnt at; at most one per train row."""
    distribution: Literal["uniform", "normal"] = "normal"
    """What the train rows are spread like."""
    has_limits: ClassVar[bool] = True

    @property
    def group(self) -> str:
        """Columns with the same distribution share their nodes."""
        return f"quantile_{self.distribution}"

    def fit(self, values: Array) -> tuple[Array, Array, Array]:
        """Return knots, and the share just below and just above each."""
        shares = np.linspace(0, 1, min(self.quantiles, max(2, len(values))))
        levels = np.maximum.accumulate(np.percentile(values, shares * 100))
        knots, first, counts = np.unique(levels, return_index=True, return_counts=True)
        return knots, shares[first], shares[first + counts - 1]

    def emit(self, graph: "Graph", values: str, fitted: list[Any]) -> str:
        """Find the knot below each value in a search tree and go along the line from there."""
        from ninefold.preprocessing.scaling._normal import normal_deviate
        from ninefold.preprocessing.scaling._search import count_below

        lengths = [len(knots) for knots, _, _ in fitted]
        starts = np.concatenate([[0], np.cumsum(np.array(lengths) + 1)[:-1]])
        index = graph.cast(count_below(graph, values, [knots for knots, _, _ in fitted]), np.int64)
        index = graph.Add(index, starts)
        tables = np.hstack([_lines(*item) for item in fitted])
        knot, share, slope, middle = (graph.Gather(row, index) for row in tables)
        along = graph.Add(graph.Mul(graph.Sub(values, knot), slope), share)
        shares = graph.Where(graph.Equal(values, knot), middle, along)
        if self.distribution == "uniform":
            return shares
        inside = graph.Clip(shares, np.float64(EDGE), np.float64(1 - EDGE))
        return normal_deviate(graph, inside)


def _lines(knots: Array, below: Array, above: Array) -> Array:
    """Return for 0 … n knots passed: knot, share, slope after it, share on it: `(4, n + 1)`."""
    rise, run = below[1:] - above[:-1], np.diff(knots)
    with np.errstate(over="ignore"):
        steepness = np.minimum(rise / run, np.finfo(np.float64).max)
    slope = np.concatenate([[0.0], steepness, [0.0]])
    middle = (below + above) / 2
    middle[0], middle[-1] = 0.0, 1.0
    if len(knots) == 1:
        middle[0] = 0.0
    start = np.concatenate([[knots[0]], knots])
    share = np.concatenate([[0.0], above[:-1], [1.0]])
    return np.stack([start, share, slope, np.concatenate([[0.0], middle])])
