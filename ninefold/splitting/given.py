"""A split that somebody made already."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from ninefold.columns import Array, Frame
from ninefold.config import ColumnName, nearest
from ninefold.errors import ConfigError, InputError
from ninefold.problem import part_of
from ninefold.splitting.auto import AutoSplitSpec
from ninefold.splitting.base import (
    NAMES,
    NONE,
    TEST,
    TRAIN,
    VALID,
    Assignment,
    Glance,
    Plan,
    Rows,
    SplitterSpec,
)
from ninefold.splitting.time import moments

if TYPE_CHECKING:
    import pyarrow as pa


class GivenSplitSpec(SplitterSpec):
    """Parts from a column, or from a CSV file `row,part`: row = position in the source from 0, part
    = train, valid or test. Rows without a part are left out. Without valid rows, a valid part is
    taken from train by the kind of split that fits the problem; folds are of that kind too.
    """

    kind: Literal["given"] = "given"
    path: str | None = Field(None, min_length=1)
    """The CSV file, relative to the workspace."""
    column: ColumnName | None = Field(None, min_length=1)
    """In the place of a file, the column that says a row's part (train, val, test …); it must stand
    in problem.ids, so that no model reads it."""

    @model_validator(mode="after")
    def _reads_one(self) -> Self:
        if (self.path is None) == (self.column is None):
            raise ValueError(
                "must name a path or a column, however: "
                f"{'neither' if self.path is None else 'both'}"
            )
        return self

    @property
    def part_column(self) -> str | None:
        return self.column

    def assign(self, rows: Rows) -> Assignment:
        if rows.named is not None:
            return self._finished(rows, self._of_column(rows.named), {})
        assert self.path is not None
        row, code = read_parts(rows.workspace / self.path)
        order = np.argsort(row)
        row, code = row[order], code[order]
        at = np.minimum(np.searchsorted(row, rows.position), len(row) - 1)
        named = row[at] == rows.position
        part = np.where(named, code[at], NONE)
        if not named.any():
            raise InputError(
                f"{self.path}: column `row` must hold row positions of the source (from 0), "
                f"however: none of its {len(row)} rows is in the data"
            )
        return self._finished(rows, part, {"file_rows": len(row)})

    def _of_column(self, named: Array) -> Array:
        """Return part codes `(N,)` of cells `(N,)`; an empty one is no part."""
        found = {cell: part_of(cell) for cell in set(named.tolist())}
        unknown = sorted(str(cell) for cell, part in found.items() if part is None and cell)
        if unknown:
            raise InputError(
                f"params.yaml: split.column `{self.column}` must say train, valid or test of each "
                f"row, or nothing, however: {unknown[0]!r}"
            )
        codes = {cell: NAMES.index(part) if part else NONE for cell, part in found.items()}
        return np.array([codes[cell] for cell in named.tolist()], dtype=np.int64)

    def _finished(self, rows: Rows, part: Array, notes: dict[str, Any]) -> Assignment:
        """Return the parts `(N,)` as they were given, and a valid part."""
        for needed in (TRAIN, TEST):
            if not (part == needed).any():
                raise InputError(
                    f"{self.path or f'split.column `{self.column}`'} must name {NAMES[needed]} "
                    "rows, however: none in the data"
                )
        notes |= {"valid_taken_from_train": False}
        dropped = {"not_in_split_file": part == NONE}
        if not (part == VALID).any():
            part, more = self._take_valid(rows, part)
            dropped |= more
            notes["valid_taken_from_train"] = True
        return Assignment(part, dropped, notes)

    def _take_valid(self, rows: Rows, part: Array) -> tuple[Array, dict[str, Array]]:
        """Return `part` with `valid_size` of the train rows turned into valid ones, and what was
        left out for it, by reason.
        """
        train = np.flatnonzero(part == TRAIN)
        half = self.valid_size / 2
        fitting = self._fitting(rows).model_copy(update={"valid_size": half, "test_size": half})
        made = fitting.assign(rows.take(train))
        inner = np.where(made.part > TRAIN, VALID, made.part)
        if "boundaries" in made.notes:
            # What keeps the two halves of the valid part away from each other is needed in neither.
            later = moments(rows)[train] >= made.notes["boundaries"][0]
            inner[made.dropped["gap"] & later] = VALID
        part = part.copy()
        part[train] = inner
        dropped = {}
        for reason, mask in made.dropped.items():
            dropped[reason] = np.zeros(len(rows), dtype=bool)
            dropped[reason][train] = mask & (inner == NONE)
        return part, dropped

    def _fitting(self, rows: Rows) -> SplitterSpec:
        settings = self.model_dump(exclude={"kind", "path", "column"})
        return AutoSplitSpec(**settings).resolve(rows.problem, _glance(rows))[0]

    def fold(self, rows: Rows) -> Plan:
        return self._fitting(rows).fold(rows)


def _glance(rows: Rows) -> Glance:
    return Glance(rows.stratum, rows.time, rows.entity)


def named_parts(frame: Frame, spec: SplitterSpec) -> Array | None:
    """Return what a column says `(N,)` of where each row goes. Raises `ConfigError`."""
    name = spec.part_column
    if name is None:
        return None
    known = {column.name: column for column in frame.columns}
    if name not in known:
        raise ConfigError(
            f"params.yaml: split.column must be a column of the data, however: {name!r}"
            f"{nearest(name, known)}"
        )
    if known[name].kind not in ("category", "text") or known[name].roles & {"input", "target"}:
        raise ConfigError(
            f"params.yaml: split.column must name texts that no model reads, however: `{name}` is "
            f"a {known[name].kind} column. Name it in problem.ids too, and its kind in "
            "ingest.columns"
        )
    return frame[name]


def read_parts(path: Path) -> tuple[Array, Array]:
    """Read a split file; return row positions and part codes `(M,)` int64.

    Raises:
        InputError: the file, its columns, a position or a part is not as it must be.
    """
    import pyarrow.compute as pc

    table = _table(path)
    row = table["row"].to_numpy().astype(np.int64)
    names = pc.fill_null(table["part"], "").to_numpy(zero_copy_only=False).astype(object)
    unknown = sorted(set(names.tolist()) - set(NAMES))
    if unknown:
        raise InputError(
            f"{path.name}: part must be train, valid or test, however: {unknown[0]!r}"
            f"{nearest(unknown[0], NAMES)}"
        )
    if row.min() < 0:
        raise InputError(
            f"{path.name}: column `row` must hold positions >= 0, however: {row.min()}"
        )
    unique, counts = np.unique(row, return_counts=True)
    if (counts > 1).any():
        raise InputError(
            f"{path.name} must name each row once, however: row {unique[counts > 1][0]} "
            f"stands there {counts[counts > 1][0]} times"
        )
    codes = {name: code for code, name in enumerate(NAMES)}
    return row, np.array([codes[name] for name in names.tolist()], dtype=np.int64)


def _table(path: Path) -> "pa.Table":
    """Return the columns `row`, whole numbers, and `part`, texts, of a CSV file with rows."""
    import pyarrow as pa
    import pyarrow.csv

    text = pyarrow.csv.ConvertOptions(column_types={"part": pa.string()}, strings_can_be_null=True)
    try:
        table = pyarrow.csv.read_csv(path, convert_options=text)
    except FileNotFoundError:
        raise InputError(f"split.path must name a CSV file, however: {path} is missing") from None
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} must be a CSV file `row,part`, however: {error}") from None
    for column in ("row", "part"):
        if table.column_names.count(column) != 1:
            raise InputError(
                f"{path.name} must have the columns `row` and `part`, however: "
                f"{', '.join(table.column_names)}"
            )
    if not len(table):
        raise InputError(f"{path.name} must name rows, however: it has no rows at all")
    if not pa.types.is_integer(table["row"].type) or table["row"].null_count:
        raise InputError(f"{path.name}: column `row` must hold whole numbers from 0, none missing")
    return table
