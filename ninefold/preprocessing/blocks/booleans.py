"""True and false."""

from dataclasses import dataclass

from ninefold.preprocessing.blocks.block import Block, Reader


@dataclass(frozen=True)
class BooleanCell:
    """One boolean."""

    column: str

    @property
    def name(self) -> str:
        """The column's own name."""
        return self.column


@dataclass(frozen=True)
class BooleanBlock(Block):
    """1 for true, -1 for false."""

    cells: tuple[BooleanCell, ...]

    def emit(self, reader: Reader) -> str:
        """Double and subtract 1."""
        values = reader.doubles([cell.column for cell in self.cells])
        return reader.graph.Sub(reader.graph.Mul(values, 2.0), 1.0)
