"""Numbers: filled, clipped, scaled."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.preprocessing.blocks.block import LARGEST, Block, Reader
from ninefold.preprocessing.clipping.smooth import emit_squeezed
from ninefold.preprocessing.scaling import ScalerSpec
from ninefold.preprocessing.spec import NumberSpec

LIMIT = 1e18
"""Scaled numbers are held within ±LIMIT, so that a network's float32 stays finite."""


@dataclass(frozen=True)
class NumberCell:
    """What was fitted for one number."""

    column: str
    fill: float
    low: float
    high: float
    scale: ScalerSpec
    fitted: Any
    is_smooth: bool

    @property
    def name(self) -> str:
        """The column's own name."""
        return self.column


@dataclass(frozen=True)
class NumberBlock(Block):
    """Numbers whose scales share their nodes."""

    cells: tuple[NumberCell, ...]

    def emit(self, reader: Reader) -> str:
        """Fill, clip and scale."""
        graph, cells = reader.graph, self.cells
        filled = emit_filled(reader, [c.column for c in cells], [c.fill for c in cells])
        lowest = np.array([cell.low for cell in cells])
        highest = np.array([cell.high for cell in cells])
        inside = graph.Min(graph.Max(filled, lowest), highest)
        scaled = cells[0].scale.emit(graph, inside, [cell.fitted for cell in cells])
        bounded = graph.Clip(scaled, np.float64(-LIMIT), np.float64(LIMIT))
        if not cells[0].is_smooth:
            return bounded
        return emit_squeezed(graph, bounded)


def emit_filled(reader: Reader, columns: list[str], fill: list[float]) -> str:
    """Add the nodes that put `fill` for missing values: `[N, C]` doubles."""
    values = reader.doubles(columns)
    return reader.graph.Where(reader.missing(values), np.array(fill), values)


def fit_number(column: str, values: Array, spec: NumberSpec) -> NumberCell:
    """Fit one number on its finite train values `(n,)`, n > 0."""
    values = np.clip(values, -LARGEST, LARGEST)
    is_smooth = not spec.scale.has_limits if spec.clip is None else spec.clip.is_smooth
    low, high = (-LARGEST, LARGEST) if spec.clip is None else spec.clip.bounds(values)
    low, high = max(low, -LARGEST), min(high, LARGEST)
    fitted = spec.scale.fit(np.clip(values, low, high))
    return NumberCell(column, spec.impute.fill(values), low, high, spec.scale, fitted, is_smooth)


def number_blocks(cells: list[NumberCell]) -> list[NumberBlock]:
    """Put numbers whose scales share their nodes together, in order of first appearance."""
    groups: dict[tuple[str, bool], list[NumberCell]] = {}
    for cell in cells:
        groups.setdefault((cell.scale.group, cell.is_smooth), []).append(cell)
    return [NumberBlock(tuple(group)) for group in groups.values()]
