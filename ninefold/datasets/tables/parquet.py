"""Parquet files, read a batch at a time."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ninefold.datasets.tables.source import BATCH_ROWS, Source
from ninefold.errors import InputError


def open_parquet(path: Path) -> Source:
    """Open a Parquet file. Raises `InputError` when it is none, or damaged."""
    try:
        names = tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path.name} must be a Parquet file, however: {reason}") from None

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            with pq.ParquetFile(path) as file:
                yield from file.iter_batches(batch_size=BATCH_ROWS)
        except (pa.ArrowInvalid, OSError) as error:
            reason = " ".join(str(error).split())
            raise InputError(f"{path.name} cannot be read to its end: {reason}") from None

    return Source(path.name, names, batches, is_text=False)
