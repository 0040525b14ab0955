"""Arrays of sequences to score: an .npz file, as `ingest: {kind: sequence_arrays}` reads it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from ninefold.columns import Array
from ninefold.datasets.arrays import read_arrays
from ninefold.datasets.sequence_arrays import sequence_source
from ninefold.errors import InputError
from ninefold.scoring.sources import TableSource
from ninefold.sequences import channels
from ninefold.signature import Input

SUFFIX = ".npz"


class ArraysSource(TableSource):
    """The arrays `(N, …)` of one file: that of sequences as the model's column of them."""

    def __init__(self, path: Path, inputs: Sequence[Input]) -> None:
        """Raises `InputError` if the model takes no sequences, or the file holds none."""
        wanted = [item for item in inputs if item.kind == "sequence"]
        if len(wanted) != 1:
            raise InputError(f"{path} holds arrays, however: the model takes no sequences")
        arrays = read_arrays(path, str(path))
        named = wanted[0].name if wanted[0].name in arrays else _only(path, arrays)
        source = sequence_source(
            str(path), arrays.pop(named), arrays, wanted[0].name, channels(wanted[0].format)
        )
        self._table = pa.Table.from_batches(list(source.batches()))
        super().__init__(path, source.names)

    @property
    def table(self) -> pa.Table:
        return self._table


def _only(path: Path, arrays: Mapping[str, Array]) -> str:
    """Return the name of the only array that can hold sequences. Raises `InputError`."""
    found = [name for name, array in arrays.items() if array.ndim in (2, 3)]
    if len(found) != 1:
        raise InputError(
            f"{path} must hold one array of sequences, (N, T) or (N, T, C), however: "
            f"{found or 'none'}"
        )
    return found[0]
