"""Folds inside the train part, on disk and as pairs of row positions.

`folds.parquet` has the columns `row` (position in the source) and `fold`, in the order of
`train.parquet`, and says in its metadata how to read them:

Rows of fold -1 take no part.

- `partition`: folds 0 … k-1; each is validated once by a model trained on all the others.
- `expanding` (split by time): folds 0 … k; fold 0 only trains, each later fold is validated by a
  model trained on the folds before it, where rows have a span without those whose `end` is not
  before the fold.
- `purged` (López de Prado, Advances in Financial Machine Learning, 2018, ch. 7): as partition, but
  no model is trained on rows whose span `start` … `end` meets that of the fold it is validated on,
  or begins within `embargo` after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.files import replacing
from ninefold.splitting.base import Plan, Scheme


@dataclass(frozen=True)
class Folds:
    """The fold of each train row: `row` and `fold` are `(n,)` int64, spans `(n,)` float64."""

    row: Array
    fold: Array
    scheme: Scheme
    start: Array | None = None
    end: Array | None = None
    embargo: float = 0.0

    @staticmethod
    def of(row: Array, plan: Plan) -> "Folds":
        """Return the plan's folds of the train rows at the source positions `row` `(n,)`."""
        return Folds(row, plan.fold, plan.scheme, plan.start, plan.end, plan.embargo)

    def pairs(self) -> Iterator[tuple[Array, Array]]:
        """Yield for each fold the positions in train to fit on and those to validate on."""
        for number in np.unique(self.fold[self.fold >= 0]).tolist():
            valid = self.fold == number
            fit = self._before_or_beside(number, valid) & (self.fold >= 0)
            if fit.any():
                yield np.flatnonzero(fit), np.flatnonzero(valid)

    def _before_or_beside(self, number: int, valid: Array) -> Array:
        is_earlier = np.asarray(self.fold < number)
        if self.start is None or self.end is None:
            return is_earlier if self.scheme == "expanding" else ~valid
        if self.scheme == "expanding":
            return np.asarray(is_earlier & (self.end < self.start[valid].min()))
        first, last = self.start[valid].min(), self.end[valid].max() + self.embargo
        return np.asarray((self.end < first) | (self.start > last))


def write_folds(path: Path, folds: Folds) -> None:
    """Write folds as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"row": pa.array(folds.row, pa.int64()), "fold": pa.array(folds.fold, pa.int64())}
    for name, values in (("start", folds.start), ("end", folds.end)):
        if values is not None:
            columns[name] = pa.array(values, pa.float64())
    metadata = {"scheme": folds.scheme, "embargo": repr(float(folds.embargo))}
    with replacing(path) as temporary:
        pq.write_table(pa.table(columns).replace_schema_metadata(metadata), temporary)


def read_folds(path: Path) -> Folds:
    """Read folds. Raises `InputError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        scheme = table.schema.metadata[b"scheme"].decode()
        embargo = float(table.schema.metadata[b"embargo"])
    except (pa.ArrowInvalid, OSError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} must be folds Ninefold wrote, however: {error}") from None
    start, end = (
        np.asarray(table[name].to_numpy()) if name in table.column_names else None
        for name in ("start", "end")
    )
    return Folds(table["row"].to_numpy(), table["fold"].to_numpy(), scheme, start, end, embargo)
