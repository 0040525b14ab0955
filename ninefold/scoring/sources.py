"""Reads a CSV, TSV or Parquet file as a stream of record batches, a few columns of it."""

import codecs
import csv
import gzip
import io
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ninefold.datasets.tables.header import SAMPLE_BYTES, refuse_other_formats
from ninefold.errors import InputError

BLOCK_BYTES = 4 * 2**20
HEADER_BYTES = 2**20
DELIMITERS = (",", ";", "\t", "|")
PARQUET = (".parquet", ".pq")
TEXT = (".csv", ".tsv", ".txt")


def open_source(path: Path, wanted: Collection[str], encoding: str = "utf-8") -> "Source":
    """Return the source in `path`; of the usual delimiters it takes the one that shows `wanted`.

    Raises:
        InputError: missing, empty, of an unknown kind or not readable.
    """
    if not path.is_file():
        raise InputError(f"INPUT must be a file, however: {path} is missing")
    name = path.name.lower().removesuffix(".gz")
    try:
        if name.endswith(PARQUET):
            return ParquetSource(path)
        with path.open("rb") as file:
            refuse_other_formats(file.read(SAMPLE_BYTES), str(path))
        if name.endswith(TEXT):
            return CsvSource(path, wanted, encoding)
    except (pa.ArrowException, OSError, EOFError, UnicodeError, LookupError, csv.Error) as error:
        raise unreadable_file(path, error) from None
    kinds = ", ".join([*TEXT, *PARQUET])
    raise InputError(f"INPUT must end in one of {kinds} (and .gz for text), however: {path.name}")


def unreadable_file(path: Path, error: Exception) -> InputError:
    """Word what Arrow or Python says of a file that cannot be read."""
    reason = " ".join(str(error).split())[:300]
    hint = ""
    if "UTF8" in reason or "utf-8" in reason:
        hint = ". Say how it is written with --encoding (latin-1, cp1252, utf-16 …)"
    return InputError(f"{path} cannot be read: {reason}{hint}")


class Source(ABC):
    """A file of rows: its column names, and its rows as record batches."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self.path, self.names = path, tuple(names)

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

    def type_of(self, column: str) -> pa.DataType:
        return self._file.schema_arrow.field(column).type

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        done, total = 0, max(1, self._file.metadata.num_rows)
        for batch in self._file.iter_batches(rows, columns=columns):
            done += batch.num_rows
            yield batch.select(columns), done / total


class CsvSource(Source):
    """A delimited text file with a header; every cell is read as text."""

    def __init__(self, path: Path, wanted: Collection[str], encoding: str) -> None:
        self._encoding = encoding
        self._delimiter, names, self._has_rows = self._header(path, wanted)
        super().__init__(path, names)

    def _header(self, path: Path, wanted: Collection[str]) -> tuple[str, list[str], bool]:
        """Return the delimiter, the names, and whether something follows them."""
        with path.open("rb") as file:
            stream: Any = file
            if path.suffix.lower() == ".gz":
                stream = gzip.GzipFile(fileobj=file)
            start = stream.read(HEADER_BYTES)
        text = _decoded(start, self._encoding)
        if not text.strip():
            raise InputError(f"{path} must have a header and rows, however: it is empty")
        found: list[tuple[int, str, list[str], bool]] = []
        for delimiter in DELIMITERS:
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            names = next((line for line in lines if line), [])
            has_rows = len(start) == HEADER_BYTES or any(lines)
            found.append((len(set(names) & set(wanted)), delimiter, names, has_rows))
        return max(found, key=lambda item: (item[0], len(item[2])))[1:]

    def _read(self, columns: list[str], rows: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        if not self._has_rows:
            return  # Arrow calls a header that ends without a line break an empty file
        size = max(1, self.path.stat().st_size)
        with pa.OSFile(str(self.path)) as file:
            stream = file
            if self.path.suffix.lower() == ".gz":
                stream = pa.CompressedInputStream(file, "gzip")
            reader = pacsv.open_csv(
                stream,
                pacsv.ReadOptions(block_size=BLOCK_BYTES, encoding=self._encoding),
                pacsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
                pacsv.ConvertOptions(
                    include_columns=columns,
                    column_types=dict.fromkeys(columns, pa.string()),
                    strings_can_be_null=False,
                    null_values=[],
                ),
            )
            for batch in reader:
                yield batch, min(1.0, file.tell() / size)


def _decoded(start: bytes, encoding: str) -> str:
    """Decode the beginning of a file, which may end inside a character."""
    name = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    return codecs.getincrementaldecoder(name)().decode(start)
