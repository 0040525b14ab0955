"""A source of rows, read in batches, as often as needed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

BATCH_ROWS = 131_072


@dataclass(frozen=True)
class Source:
    """Columns by name and a way to read them from the start.

    Batches hold the columns in the order of `names`, all text where `is_text` (a CSV file), else
    in the types the source has.
    """

    title: str
    names: tuple[str, ...]
    batches: Callable[[], Iterator[pa.RecordBatch]]
    is_text: bool
    has_decimal_comma: bool = False

    @staticmethod
    def of_table(title: str, table: pa.Table) -> "Source":
        """Return a source that reads from a table in memory."""
        return Source(
            title,
            tuple(table.column_names),
            lambda: iter(table.to_batches(max_chunksize=BATCH_ROWS)),
            is_text=False,
        )
