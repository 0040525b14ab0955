"""Where the data comes from: one file per kind of source, holding its Spec.

A new kind is one new file here; `ingest.kind` finds it. What all kinds share (reading cells,
finding out kinds of columns, sampling, profile) stands in `tables/`.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator

from ninefold import dates
from ninefold.columns import TENSORS, Column, Kind
from ninefold.config import ColumnName, Spec
from ninefold.numerals import DECIMAL_COMMA, NUMBER_FORMATS
from ninefold.problem import ProblemSpec
from ninefold.registry import OneOf

if TYPE_CHECKING:
    from collections.abc import Collection

    import pyarrow as pa

    from ninefold.datasets.tables.source import Source

MISSING = (
    "", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-NaN", "-nan", "NaT", "NULL", "null",
    "None",
)  # fmt: skip


"""How numbers may be written, other than plainly."""


WHENCE = {
    "image": "Pictures come from `ingest: {kind: image_folder}`, image_table or arrays",
    "sequence": "Sequences come from `ingest: {kind: long_table}`, windows, ts_file or arrays",
}
"""Where columns come from that no table holds."""


class ColumnSpec(Spec):
    """What you know better about a column than its values tell."""

    kind: Kind | None = None
    """number, category, text, bool or datetime; default: inferred from all values."""
    format: str | None = None
    """datetime: strptime format such as %d.%m.%Y %H:%M (default: found among the common ones);
    number: `,` for a decimal comma; `1,234.5`, `1.234,5`, `1 234,5`, `1 234.5` or `1'234.5` for
    thousands separators; `%` or `1,5 %`; `$1,234.5` or `1.234,5 €` for amounts with a currency
    sign."""

    @model_validator(mode="after")
    def _check_format(self) -> "ColumnSpec":
        if self.kind in TENSORS:
            whence = WHENCE[self.kind]
            raise ValueError(
                f"kind must be that of a column of a table, however: {self.kind!r}. {whence}"
            )
        if self.format is None:
            return self
        if self.kind == "datetime":
            try:
                dates.pattern(self.format)
            except ValueError as error:
                raise ValueError(f"format {error}") from None
        elif self.kind != "number" or self.format not in (DECIMAL_COMMA, *NUMBER_FORMATS):
            raise ValueError(
                "format goes with kind: datetime (such as %d.%m.%Y) or, as one of "
                f"{'; '.join([DECIMAL_COMMA, *NUMBER_FORMATS])}, with kind: number, "
                f"however: format {self.format!r} with kind: {self.kind}"
            )
        return self


class DatasetSpec(Spec, ABC):
    """Describes a source of rows; importing it must not import pyarrow."""

    kind: str
    sample_rows: int | None = Field(None, ge=1)
    """Rows to draw at random, in source order; null takes all."""
    seed: int = Field(0, ge=0)
    """Seed of that draw."""
    columns: dict[ColumnName, ColumnSpec] = Field(default_factory=dict)
    """Columns whose kind or format you set yourself; the others are inferred."""
    drop: tuple[ColumnName, ...] = ()
    """Columns to leave out altogether."""
    missing: tuple[str, ...] = MISSING
    """Cells of text that stand for a missing value (white space around them aside)."""

    @abstractmethod
    def open(self, workspace: Path) -> "Source":
        """Open the source for reading. Raises `InputError`."""


IngestSpec = Annotated[DatasetSpec, OneOf("ninefold.datasets")]


def read(
    spec: DatasetSpec,
    problem: ProblemSpec,
    workspace: Path,
    derived: "Collection[str]" = (),
    opened: "Source | None" = None,
    masked: "Collection[str]" = (),
) -> "tuple[pa.Table, tuple[Column, ...]]":
    """Read, type, sample and check a source.

    Returns an Arrow table (N rows: `ROW`, then the source's columns in their order) and what is
    known of the columns. `derived` names the columns that featurize will add, which the problem
    may refer to; `masked` those whose values nobody is to see. `opened` is what `spec` opens, if
    that is done already.

    Raises:
        InputError: the source cannot be read, or does not fit the problem.
    """
    from ninefold.datasets.tables.reading import read_table

    return read_table(opened or spec.open(workspace), spec, problem, derived, masked)


def profile(
    table: "pa.Table", columns: "tuple[Column, ...]", masked: "Collection[str]" = ()
) -> dict[str, Any]:
    """Describe every column and the table as a whole: the content of reports/profile.json.

    Of `masked` columns only kind, roles and counts are told, no value.
    """
    from ninefold.datasets.tables.profiling import profile_table

    return profile_table(table, columns, masked)
