"""Where numbers were missing."""

from dataclasses import dataclass

import numpy as np

from ninefold.preprocessing.blocks.block import Block, Reader


@dataclass(frozen=True)
class FlagCell:
    """Whether one number was missing."""

    column: str

    @property
    def name(self) -> str:
        """Column and `is missing`."""
        return f"{self.column} is missing"


@dataclass(frozen=True)
class FlagBlock(Block):
    """1 where the number is missing or infinite, else 0."""

    cells: tuple[FlagCell, ...]

    def emit(self, reader: Reader) -> str:
        """Flag them."""
        values = reader.doubles([cell.column for cell in self.cells])
        return reader.graph.cast(reader.missing(values), np.float64)
