"""Arrays of sequences in one NumPy file."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ninefold import sequences
from ninefold.columns import Array
from ninefold.config import ColumnName
from ninefold.datasets import DatasetSpec
from ninefold.datasets.arrays import columns_beside, read_named
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source


class SequenceArraysSpec(DatasetSpec):
    """An .npz file with sequences `(N, T, C)` or `(N, T)`; arrays `(N,)` beside them become
    columns, under their names, and several parts are joined, as in `arrays`. Steps of NaN at the
    end of a sequence are not there, nor those beyond `lengths`: so shorter ones are filled up.
    """

    kind: Literal["sequence_arrays"] = "sequence_arrays"
    path: str = Field(min_length=1)
    """The file, relative to the workspace."""
    sequence: str = "X"
    """Name of the array that holds the sequences."""
    column: ColumnName = Field("sequence", min_length=1)
    """What the column of sequences is called."""
    channels: tuple[str, ...] = ()
    """Names of the channels, in order; default: channel 1, channel 2 …"""
    lengths: str | None = None
    """Name of an array `(N,)` of whole numbers: so many steps of each sequence are there, and what
    fills up the rest is not read; default: only NaN fills up."""

    def open(self, workspace: Path) -> "Source":
        values, others = read_named(workspace, self.path, self.sequence, "sequence")
        if self.lengths is not None and self.lengths not in others:
            raise InputError(
                f"params.yaml: ingest.lengths: {self.path} has no array `{self.lengths}`"
                f"{nearest(self.lengths, others)}"
            )
        return sequence_source(
            self.path, values, others, self.column, self.channels, lengths=self.lengths
        )


def sequence_source(
    title: str,
    values: Array,
    others: dict[str, Array],
    column: str,
    channels: tuple[str, ...] = (),
    *,
    lengths: str | None = None,
) -> "Source":
    """Return a source of sequences `(N, T)` or `(N, T, C)` and columns `(N,)`.

    Args:
        lengths: which of the columns, where it is there, says how many steps of each are.

    Raises:
        InputError: other shapes, or values that are no numbers.
    """
    import pyarrow as pa

    from ninefold.columns import Column, to_arrow
    from ninefold.datasets.tables.source import Source
    from ninefold.pixels import objects

    if values.ndim not in (2, 3) or values.dtype.kind not in "fiub" or 0 in values.shape:
        raise InputError(
            f"{title}: sequences must be numbers of the shape (N, T) or (N, T, C), however: "
            f"{values.dtype} {values.shape}"
        )
    steps = values.astype(np.float64).reshape(*values.shape[:2], -1)
    depth = steps.shape[2]
    numbered = tuple(f"channel {number + 1}" for number in range(depth))
    names = channels or (numbered if depth > 1 else ("value",))
    if len(names) != depth:
        raise InputError(
            f"params.yaml: ingest.channels must name the {depth} channels of {title}, however: "
            f"{len(names)} names"
        )
    if lengths in others:
        steps[_beyond(title, lengths, others[lengths], values)] = np.nan
        others = {name: array for name, array in others.items() if name != lengths}
    cells = objects(sequences.trimmed(sequence) for sequence in steps)
    columns = {column: to_arrow(cells, "sequence")}
    columns |= columns_beside(title, others, len(values), "sequence")
    format = sequences.format_of(names, lengths=lengths)
    return Source.of_table(
        title, pa.table(columns), {column: Column(column, "sequence", format=format)}
    )


def _beyond(title: str, name: str, lengths: Array, values: Array) -> Array:
    """Return which steps `(N, T)` lie beyond the lengths. Raises `InputError`."""
    count, steps = values.shape[:2]
    is_number = lengths.shape in ((count,), (count, 1)) and lengths.dtype.kind in "fiu"
    if not is_number or not np.isin(lengths, np.arange(steps + 1)).all():
        found = f"{lengths.min():g} to {lengths.max():g}" if is_number else lengths.dtype
        raise InputError(
            f"{title}: array `{name}` must hold a whole number from 0 to {steps} for each of "
            f"{count} sequences, however: {found}, {lengths.shape}"
        )
    return np.asarray(np.arange(steps) >= lengths.reshape(count, 1))
