"""Arrays to score: `.npz` files of pictures or sequences, `.ts` files of series, as in training."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from ninefold.columns import Array
from ninefold.datasets.arrays import array_source, read_arrays
from ninefold.datasets.sequence_arrays import sequence_source
from ninefold.datasets.ts_file import TsFileSpec
from ninefold.errors import InputError
from ninefold.pixels import levels
from ninefold.scoring.sources import TableSource
from ninefold.sequences import channels, recipe
from ninefold.signature import Input

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

NPZ, TS = ".npz", ".ts"
SUFFIXES = (NPZ, TS)
KINDS = ("image", "sequence")
SHAPES = {
    "image": (3, 4, "pictures, (N, H, W) or (N, H, W, C)"),
    "sequence": (2, 3, "sequences, (N, T) or (N, T, C)"),
}
"""Kind of a column -> the dimensions of an array that can hold its cells, and how they are said."""


class ArraysSource(TableSource):
    """The arrays `(N, …)` of one file: that of pictures or sequences as the model's column."""

    def __init__(self, path: Path, inputs: Sequence[Input]) -> None:
        """Raises `InputError` if the model takes no such column, or the file holds none."""
        wanted = [item for item in inputs if item.kind in KINDS]
        if len(wanted) != 1:
            found = "several columns" if wanted else "none"
            raise InputError(
                f"{path} holds arrays: the model must take one column of pictures or sequences, "
                f"however: {found}"
            )
        item, is_series = wanted[0], path.suffix.lower() == TS
        if is_series and item.kind != "sequence":
            raise InputError(f"{path} holds series, however: the model takes pictures")
        source = _series(path, item) if is_series else _arrays(path, item)
        self._table = pa.Table.from_batches(list(source.batches()))
        super().__init__(path, source.names)

    @property
    def table(self) -> pa.Table:
        return self._table


def _series(path: Path, item: Input) -> "Source":
    source = TsFileSpec(paths=(str(path.resolve()),), column=item.name).open(Path())
    return _fitting(path, source, item)


def _arrays(path: Path, item: Input) -> "Source":
    arrays = read_arrays(path, str(path))
    named = item.name if item.name in arrays else _only(path, arrays, item.kind)
    cells = arrays.pop(named)
    if item.kind == "image":
        return array_source(str(path), cells, arrays, item.name, levels(item.format))
    lengths = recipe(item.format).get("lengths")
    source = sequence_source(str(path), cells, arrays, item.name, lengths=lengths)
    return _fitting(path, source, item)


def _fitting(path: Path, source: "Source", item: Input) -> "Source":
    """Return the source if its sequences have the model's channels. Raises `InputError`."""
    wanted, found = channels(item.format), channels(source.known[item.name].format)
    if len(found) != len(wanted):
        raise InputError(
            f"{path} must hold sequences of {len(wanted)} channels ({', '.join(wanted)[:200]}), "
            f"however: {len(found)}"
        )
    return source


def _only(path: Path, arrays: Mapping[str, Array], kind: str) -> str:
    """Return the name of the only array that can hold the cells. Raises `InputError`."""
    *dimensions, said = SHAPES[kind]
    found = [name for name, array in arrays.items() if array.ndim in dimensions]
    if len(found) != 1:
        raise InputError(f"{path} must hold one array of {said}, however: {found or 'none'}")
    return found[0]
