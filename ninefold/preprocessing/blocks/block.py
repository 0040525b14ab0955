"""What every block of features has in common, and how blocks read columns."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from ninefold.columns import DTYPES, NAT, Array, Column
from ninefold.preprocessing.layout import TensorLayout

if TYPE_CHECKING:
    from ninefold.graph import Graph
    from ninefold.preprocessing.levels import Levels

SECOND_US = 1e6
LARGEST = 1e300
"""Numbers are held within ±LARGEST before they are scaled, so that nothing overflows."""


class Cell(Protocol):
    """One feature: its name and the column it comes from."""

    @property
    def name(self) -> str:
        """Name of the feature."""

    @property
    def column(self) -> str:
        """Name of the column."""


class FittedTensor(Protocol):
    """A column that becomes a tensor."""

    @property
    def column(self) -> str:
        """Name of the column."""

    @property
    def layout(self) -> TensorLayout:
        """What a network is told."""

    def emit(self, reader: "Reader") -> str:
        """Add the nodes and return the tensor."""


class Reader:
    """Reads feature columns in a graph under construction."""

    def __init__(self, graph: "Graph", columns: Sequence[Column]) -> None:
        self.graph = graph
        self._columns = {column.name: column for column in columns}
        self._kinds = {column.name: column.kind for column in columns}
        self._codes: dict[str, str] = {}

    def raw(self, name: str) -> str:
        """Return a column as it comes in: `[N, 1]`, pictures `[N, H, W, C]`."""
        return self.graph.input(name, DTYPES[self._kinds[name]], self._columns[name].shape)

    def double(self, name: str) -> str:
        """Return a column as doubles `[N, 1]`: datetimes in seconds since 1970, missing NaN."""
        value, kind = self.raw(name), self._kinds[name]
        if kind == "number":
            return value
        plain = self.graph.cast(value, np.float64)
        if kind == "datetime":
            seconds = self.graph.Div(plain, SECOND_US)
            return self.graph.Where(self.graph.Equal(value, np.int64(NAT)), np.nan, seconds)
        return plain

    def doubles(self, names: Sequence[str]) -> str:
        """Return columns side by side as doubles `[N, C]`."""
        return self.graph.Concat(*[self.double(name) for name in names], axis=1)

    def missing(self, values: str) -> str:
        """Return where doubles are NaN or infinite."""
        return self.graph.IsNaN(self.graph.Sub(values, values))

    def codes(self, levels: "Levels") -> str:
        """Return the codes `[N, 1]` int64 of a category."""
        if levels.column not in self._codes:
            self._codes[levels.column] = levels.emit(self)
        return self._codes[levels.column]


B = TypeVar("B", bound="Block")


@dataclass(frozen=True)
class Block(ABC):
    """Features of one family, computed together."""

    cells: tuple[Cell, ...]

    @abstractmethod
    def emit(self, reader: Reader) -> str:
        """Add the nodes and return the features `[N, len(cells)]` as doubles."""

    def keep(self: B, mask: Array) -> B:
        """Return the block with the masked features only."""
        kept = tuple(cell for cell, stays in zip(self.cells, mask, strict=True) if stays)
        return replace(self, cells=kept)
