"""Reads a CSV, TSV or Parquet file as a stream of record batches, a few columns of it."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ninefold.datasets.tables.delimited import COMPRESSED, ZIP, open_text, plain_suffix
from ninefold.datasets.tables.header import SAMPLE_BYTES, refuse_other_formats
from ninefold.errors import InputError
from ninefold.texts import composed

BLOCK_BYTES = 4 * 2**20
PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt")


def open_source(
    path: Path, wanted: Collection[str], encoding: str | None = None, usual: str = "utf-8"
) -> "Source":
    """Return the source in `path`; of the usual delimiters it takes the one that shows `wanted`.

    Text is read as `ingest` reads it; without `encoding` it may be `usual` beside UTF-8.

    Raises:
        InputError: missing, empty, of an unknown kind or not readable.
    """
    if not path.is_file():
        raise InputError(f"INPUT must be a file, however: {path} is missing")
    try:
        if path.suffix.lower() in PARQUET:
            return ParquetSource(path)
        if plain_suffix(path) in TEXT or path.suffix.lower() == ZIP:
            return CsvSource(path, wanted, encoding, usual)
        with path.open("rb") as file:
            refuse_other_formats(file.read(SAMPLE_BYTES), str(path))
    except (pa.ArrowException, OSError, EOFError) as error:
        raise unreadable_file(path, error) from None
    kinds, packed = ", ".join([*TEXT, *PARQUET]), ", ".join([*COMPRESSED, ZIP])
    raise InputError(
        f"INPUT must end in one of {kinds} (text also in {packed}), however: {path.name}"
    )


def unreadable_file(path: Path, error: Exception) -> InputError:
    """Word what Arrow or Python says of a file that cannot be read."""
    reason = " ".join(str(error).split())[:300]
    return InputError(f"{path} cannot be read: {reason}")


class Source(ABC):
    """A file of rows: its column names, and its rows as record batches."""

    encoding: str | None = None
    """Of a text file."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path, self.names = path, tuple(map(composed, names))

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Yield `columns` in batches of at most `rows`, with the share of the file read so far."""
        repeated = [name for name, n in Counter(self.names).items() if n > 1 and name in columns]
        if repeated:
            raise InputError(f"{self.path}: column `{repeated[0]}` must stand once")
        try:
            for batch, share in self._read(list(columns), rows):
                for start in range(0, batch.num_rows, rows):
                    yield batch.slice(start, rows), share
        except (pa.ArrowException, OSError, EOFError, UnicodeError) as error:
            raise unreadable_file(self.path, error) from None

    def type_of(self, column: str) -> pa.DataType:
        """Return the Arrow type of a column."""
        return pa.string()

    @abstractmethod
    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Yield batches as `batches` does, of any length."""


class TableSource(Source):
    """Rows that are held as one table."""

    @property
    @abstractmethod
    def table(self) -> pa.Table:
        """All rows."""

    def type_of(self, column: str) -> pa.DataType:
        return self.table.schema.field(column).type

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        done, total = 0, max(1, self.table.num_rows)
        for batch in self.table.select(columns).combine_chunks().to_batches(rows):
            done += batch.num_rows
            yield batch, done / total


class ParquetSource(Source):
    """A Parquet file."""

    def __init__(self, path: Path) -> None:
        self._file = pq.ParquetFile(path, buffer_size=2**20)
        super().__init__(path, self._file.schema_arrow.names)
        self._own = dict(zip(self.names, self._file.schema_arrow.names, strict=True))

    def type_of(self, column: str) -> pa.DataType:
        return self._file.schema_arrow.field(self._own[column]).type

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        done, total = 0, max(1, self._file.metadata.num_rows)
        own = [self._own[name] for name in columns]
        for batch in self._file.iter_batches(rows, columns=own):
            done += batch.num_rows
            yield batch.select(own).rename_columns(columns), done / total


class CsvSource(Source):
    """A delimited text file with a header; every cell is read as text."""

    def __init__(
        self, path: Path, wanted: Collection[str], encoding: str | None, usual: str
    ) -> None:
        self._file = open_text(path, str(path), None, encoding, usual, wanted)
        super().__init__(path, self._file.names)
        self.encoding = self._file.encoding

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        places = [self.names.index(name) for name in columns]
        for batch, share in self._file.batches(places, BLOCK_BYTES, use_threads=True):
            yield batch.rename_columns(columns), share
