"""Writes record batches to CSV or Parquet, one after the other."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from ninefold.errors import InputError

PARQUET = (".parquet", ".pq")
TEXT = {".csv": ",", ".tsv": "\t"}


def check_sink(path: Path) -> None:
    """Raise `InputError` when the name of `path` says no format we write."""
    name = path.name.lower()
    if path.is_dir() or not name.removesuffix(".gz").endswith((*TEXT, *PARQUET)):
        raise InputError(
            f"OUTPUT must be a file that ends in .csv, .csv.gz, .tsv or .parquet, however: {path}"
        )


def open_sink(path: Path, name: str, schema: pa.Schema) -> Any:
    """Return a context manager with `write_batch(batch)`; `name` tells the format of `path`."""
    plain = name.lower().removesuffix(".gz")
    if plain.endswith(PARQUET):
        return pq.ParquetWriter(path, schema, compression="zstd")
    options = pacsv.WriteOptions(delimiter=TEXT[Path(plain).suffix])
    if name.lower().endswith(".gz"):
        return _Gzipped(path, schema, options)
    return pacsv.CSVWriter(path, schema, write_options=options)


class _Gzipped:
    """A CSV writer behind gzip; closes both."""

    def __init__(self, path: Path, schema: pa.Schema, options: pacsv.WriteOptions) -> None:
        self._stream = pa.CompressedOutputStream(str(path), "gzip")
        self._writer = pacsv.CSVWriter(self._stream, schema, write_options=options)

    def __enter__(self) -> "_Gzipped":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._stream.close()

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self._writer.write_batch(batch)
