"""A source of rows, read in batches, as often as needed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from ninefold.columns import Column
from ninefold.texts import composed

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
    known: Mapping[str, Column] = field(default_factory=dict)
    """Columns whose kind needs no finding out."""
    ids: tuple[str, ...] = ()
    """Columns that only say where a row comes from: identifiers, whatever the problem says."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """What the profile tells of the source beside its columns."""
    after: tuple[str, ...] = ()
    """Columns known only after the outcome, whatever the problem says."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Columns of the file that are none of the rows, and why the problem cannot refer to them."""
    ahead: tuple[str, int] | None = None
    """The column that says when a row's prediction is made, and for how many microseconds after
    that its targets are not known yet."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(map(composed, self.names)))

    @staticmethod
    def of_table(
        title: str,
        table: pa.Table,
        known: Mapping[str, Column] | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> "Source":
        """Return a source that reads from a table in memory."""
        return Source(
            title,
            tuple(table.column_names),
            lambda: iter(table.to_batches(max_chunksize=BATCH_ROWS)),
            is_text=False,
            known=known or {},
            notes=notes or {},
        )

    def with_id(self, name: str) -> "Source":
        """Return the source with a column that is an identifier."""
        return replace(self, ids=(*self.ids, name))

    def without(self, absent: Mapping[str, str]) -> "Source":
        """Return the source with a word on columns that are not there."""
        return replace(self, absent=absent)

    def looking_ahead(self, time: str, ahead_us: int, names: Sequence[str]) -> "Source":
        """Return the source with the columns `names` known only `ahead_us` after `time`."""
        return replace(self, ahead=(time, ahead_us), after=(*self.after, *names))

    def read_as(self, other: "Source") -> "Source":
        """Return the source with its cells read as those of `other`: text or typed."""
        return replace(self, is_text=other.is_text, has_decimal_comma=other.has_decimal_comma)
