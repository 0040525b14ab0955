"""Categories with few levels: one feature per level."""

from dataclasses import dataclass

import numpy as np

from ninefold.preprocessing.blocks.block import Block, Reader
from ninefold.preprocessing.levels import FIRST, MISSING, UNKNOWN, Levels


@dataclass(frozen=True)
class LevelCell:
    """One code of a category."""

    levels: Levels
    code: int

    @property
    def column(self) -> str:
        """The category's column."""
        return self.levels.column

    @property
    def name(self) -> str:
        """Column and level."""
        if self.code < FIRST:
            return f"{self.column} is {self.levels.names[self.code]}"
        return f"{self.column} = {self.levels.names[self.code]}"


@dataclass(frozen=True)
class OneHotBlock(Block):
    """All one-hot categories."""

    cells: tuple[LevelCell, ...]

    def emit(self, reader: Reader) -> str:
        """Compare the codes with each level's."""
        graph = reader.graph
        codes = graph.Concat(*[reader.codes(cell.levels) for cell in self.cells], axis=1)
        wanted = np.array([cell.code for cell in self.cells], dtype=np.int64)
        return graph.cast(graph.Equal(codes, wanted), np.float64)


def level_cells(levels: Levels) -> list[LevelCell]:
    """Return a feature per level; for unknown and missing ones if train rows have them."""
    codes = [UNKNOWN] * levels.has_rare + [MISSING] * levels.has_missing
    return [LevelCell(levels, code) for code in [*range(FIRST, levels.cardinality), *codes]]
