"""Numbers as one-hot groups of about equal size."""

import itertools
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.blocks.block import LARGEST, Block, Reader
from ninefold.preprocessing.blocks.numbers import emit_filled
from ninefold.preprocessing.spec import NumberSpec


@dataclass(frozen=True)
class BinCell:
    """The group from `low` to below `high`; missing values fall in the group of `fill`."""

    column: str
    fill: float
    low: float
    high: float

    @property
    def name(self) -> str:
        """Column and range."""
        return f"{self.column} in [{self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class BinBlock(Block):
    """All binned numbers."""

    cells: tuple[BinCell, ...]

    def emit(self, reader: Reader) -> str:
        """Compare with both edges."""
        graph, cells = reader.graph, self.cells
        filled = emit_filled(reader, [c.column for c in cells], [c.fill for c in cells])
        low, high = (np.array(edge) for edge in zip(*((c.low, c.high) for c in cells), strict=True))
        inside = graph.And(graph.GreaterOrEqual(filled, low), graph.Less(filled, high))
        return graph.cast(inside, np.float64)


def fit_bins(column: str, values: Array, spec: NumberSpec) -> list[BinCell]:
    """Cut the finite train values `(n,)` at quantiles; every group holds some train row."""
    values = np.clip(values, -LARGEST, LARGEST)
    shares = np.linspace(0, 100, (spec.bins or 2) + 1)[1:-1]
    inner = np.unique(np.percentile(values, shares, method="inverted_cdf"))
    inner = inner[inner > values.min()]
    if len(inner) == 0:
        inner = values[values > values.min()].min(keepdims=True)
    edges = [-np.inf, *inner.tolist(), np.inf]
    fill = spec.impute.fill(values)
    return [BinCell(column, fill, low, high) for low, high in itertools.pairwise(edges)]
