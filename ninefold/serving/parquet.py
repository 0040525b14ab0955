"""Parquet bodies: a kilobyte of them may hold gigabytes, so what they unpack to is bounded.

Texts are read as they are stored, each different one once, and counted before they are spread over
their rows.
"""

import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ninefold.serving.limits import Limits, RequestError

TYPES = ("application/vnd.apache.parquet", "application/x-parquet", "application/parquet")
VALUE_BYTES = 8
"""What a number counts for."""
BATCH_ROWS = 512
TEXT = "BYTE_ARRAY"


class ParquetBody:
    """A table in a body; its `names` and how many `rows` it says it has."""

    def __init__(self, body: bytes, limits: Limits) -> None:
        """Raises `RequestError`: 400 no Parquet, 413 too large, 415 pyarrow is not installed."""
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            raise RequestError(
                "this server reads no Parquet: it needs `pip install pyarrow`; send CSV", 415
            ) from None
        self._most = limits.max_body_bytes
        self._errors: tuple[type[Exception], ...] = (
            pa.ArrowException,
            OSError,
            ValueError,
            OverflowError,
            LookupError,  # a time zone that nobody knows
        )
        try:
            self._check_said(metadata := pq.read_metadata(io.BytesIO(body)))
            texts = [
                column.path
                for place in range(metadata.num_columns)
                if (column := metadata.schema.column(place)).physical_type == TEXT
            ]
            self._file = pq.ParquetFile(
                pa.BufferReader(body), metadata=metadata, read_dictionary=texts
            )
            self.names: list[str] = self._file.schema_arrow.names
        except self._errors as error:
            raise _unreadable(error) from None
        self.rows: int = metadata.num_rows

    def read(self) -> list[dict[str, Any]]:
        """Return the rows, values as JSON has them. Raises `RequestError`: 400, 413."""
        try:
            return [
                {name: _plain(value) for name, value in row.items()}
                for batch in self._batches()
                for row in _in_micros(batch).rename_columns(self.names).to_pylist()
            ]
        except self._errors as error:
            raise _unreadable(error) from None

    def _batches(self) -> Iterator[Any]:
        taken = rows = 0
        for batch in self._file.iter_batches(BATCH_ROWS, use_threads=False):
            taken += sum(map(_size, batch.columns))
            rows += batch.num_rows
            if taken > self._most:
                raise self._too_large()
            if rows > self.rows:
                raise RequestError(
                    "the body must be Parquet, however: it has more rows than it says"
                )
            yield batch

    def _check_said(self, metadata: Any) -> None:
        """Refuse a table that says itself that it is too large."""
        size = 0
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            for column in map(group.column, range(group.num_columns)):
                is_text = column.physical_type == TEXT
                size += max(
                    column.total_uncompressed_size if is_text else 0,
                    VALUE_BYTES * column.num_values,
                )
        if size > self._most:
            raise self._too_large()

    def _too_large(self) -> RequestError:
        return RequestError(f"a table must have at most {self._most} bytes, unpacked", 413)


def _size(array: Any) -> int:
    """Return how many bytes an Arrow array has once each row has its own values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_struct(kind):
        return sum(map(_size, array.flatten()))
    if pa.types.is_map(kind):
        return _size(array.keys) + _size(array.items)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        is_plain = pa.types.is_primitive(kind.value_type)
        return int(array.nbytes) if is_plain else _size(array.flatten())
    if not pa.types.is_dictionary(kind):
        return int(array.nbytes)
    each = pc.binary_length(array.dictionary).take(array.indices)
    return VALUE_BYTES * len(array) + int(pc.sum(each).as_py() or 0)


def _in_micros(batch: Any) -> Any:
    """Return the rows with times as Python has them: of nanoseconds, Arrow makes pandas' own."""
    import pyarrow as pa

    columns = [
        column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns"
        else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _unreadable(error: Exception) -> RequestError:
    said = " ".join(str(error).split())[:200]
    return RequestError(f"the body must be Parquet, however: {said}")


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
