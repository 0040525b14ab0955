"""Folds inside the train part, on disk and as pairs of row positions.

`folds.parquet` has the columns `row` (position in the source) and `fold`, in the order of
`train.parquet`, and says in its metadata how to read them:

- `partition`: folds 0 … k-1; each is validated once by a model trained on all the others.
- `expanding` (split by time): folds 0 … k; fold 0 only trains, each later fold is validated by a
  model trained on the folds before it. Fold -1 stands in a gap and takes no part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.files import replacing
from ninefold.splitting.base import Scheme


@dataclass(frozen=True)
class Folds:
    """The fold of each train row: `row` and `fold` are `(n,)` int64."""

    row: Array
    fold: Array
    scheme: Scheme

    def pairs(self) -> Iterator[tuple[Array, Array]]:
        """Yield for each fold the positions in train to fit on and those to validate on."""
        for number in np.unique(self.fold[self.fold >= 0]).tolist():
            valid = self.fold == number
            rest = self.fold < number if self.scheme == "expanding" else ~valid
            fit = rest & (self.fold >= 0)
            if fit.any():
                yield np.flatnonzero(fit), np.flatnonzero(valid)


def write_folds(path: Path, folds: Folds) -> None:
    """Write folds as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {"row": pa.array(folds.row, pa.int64()), "fold": pa.array(folds.fold, pa.int64())}
    )
    with replacing(path) as temporary:
        pq.write_table(table.replace_schema_metadata({"scheme": folds.scheme}), temporary)


def read_folds(path: Path) -> Folds:
    """Read folds. Raises `InputError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        scheme = table.schema.metadata[b"scheme"].decode()
    except (pa.ArrowInvalid, OSError, KeyError, TypeError) as error:
        raise InputError(f"{path} must be folds Ninefold wrote, however: {error}") from None
    return Folds(table["row"].to_numpy(), table["fold"].to_numpy(), scheme)
