"""Params that sources of sequences made from long tables share."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from ninefold.config import ColumnName
from ninefold.datasets.file import FileSpec

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source


class LongSpec(FileSpec):
    """A CSV, TSV or Parquet file with one step a line."""

    channels: tuple[ColumnName, ...] = ()
    """Number columns whose values make up the sequences; each kind says which by default."""
    column: ColumnName = Field("sequence", min_length=1)
    """What the column of sequences is called."""
    repeated: Literal["stop", "first", "last"] = "stop"
    """What to do where one entity has several steps of the same time: stop and say where, or keep
    the first or the last of them."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """The channels that are named, without those to leave out."""
        return tuple(name for name in self.channels if name not in self.drop)

    def open(self, workspace: Path) -> "Source":
        return self.rows(self.steps(workspace))

    def steps(self, workspace: Path) -> "Source":
        """Return the table of steps, as the file holds it."""
        return super().open(workspace)

    def rows(self, steps: "Source") -> "Source":
        """Return the rows that a table of steps gives: here the steps. Raises `InputError`."""
        return steps
