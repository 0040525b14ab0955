"""Reads a table for `ninefold init`, and settles what its cells leave open."""

import contextlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold import dates
from ninefold.columns import Column, is_missing, to_array
from ninefold.config import validate
from ninefold.datasets import MISSING, read
from ninefold.datasets.pictures import files
from ninefold.datasets.tables import inference
from ninefold.datasets.tables.mixed import Mixed, MixedTypesError
from ninefold.problem import ProblemSpec
from tasks.drafting.questions import ask_choice

if TYPE_CHECKING:
    import pyarrow as pa

    from ninefold.datasets.tables.source import Source

ATTEMPTS = 3
SHOWN = 6
MONTH_FIRST, DAY_FIRST = "month/day", "day/month"


@dataclass
class Cells:
    """What params.yaml must say under `ingest` for the table to be read, and why."""

    missing: list[str] = field(default_factory=list)
    """Cells that count as missing, beside those that always do."""
    missing_of: dict[str, Mixed] = field(default_factory=dict)
    """Column -> what it holds beside numbers or dates, where that counts as missing."""
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    """Column of `columns` -> why it stands there."""

    def content(self) -> dict[str, Any]:
        """Return the keys of `ingest`."""
        content: dict[str, Any] = {"columns": self.columns, "missing": self.all_missing()}
        return {key: value for key, value in content.items() if value}

    def all_missing(self) -> list[str]:
        """Return every cell that counts as missing; none where the default is enough."""
        return [*MISSING, *self.missing] if self.missing else []

    def sentences(self) -> list[str]:
        """Return what was settled, one sentence each."""
        counted = []
        for why, marks in self.why_missing():
            listed = ", ".join(map(repr, marks))
            counted.append(f"{why}; {listed} {'counts' if len(marks) == 1 else 'count'} as missing")
        return [*counted, *self.why.values()]

    def why_missing(self) -> list[tuple[str, tuple[str, ...]]]:
        """Return what columns hold beside numbers or dates, those with the same marks together."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for name, mixed in self.missing_of.items():
            alike.setdefault(tuple(sorted(mixed.missing)), []).append(name)
        return [self._about(names) for names in alike.values()]

    def _about(self, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
        mixed = self.missing_of[names[0]]
        if len(names) == 1:
            return f"`{names[0]}` holds {mixed.about}", mixed.missing
        columns = ", ".join(f"`{name}`" for name in names[:SHOWN]) + ", …" * (len(names) > SHOWN)
        kinds = " or ".join(sorted({self.missing_of[name].kind for name in names}))
        said = f"{len(names)} columns of {kinds} hold {', '.join(map(repr, mixed.missing))}"
        return f"{said}: {columns}", mixed.missing


def read_table(
    content: Mapping[str, Any],
    opened: "Source",
    problem: ProblemSpec,
    workspace: Path,
    *,
    task: str | None,
) -> tuple["pa.Table", tuple[Column, ...], Cells]:
    """Read a table of which no params.yaml says yet how; mixed columns are settled on the way.

    Numbers among which few other cells stand: those cells count as missing. Many: the column is
    read as names. So is a mixed target, unless `task` says that it holds numbers. `opened` is what
    `content` opens.

    Raises:
        InputError: the table cannot be read.
    """
    cells = Cells()
    for name, given in content.get("columns", {}).items():
        cells.columns[name] = dict(given)
        cells.why[name] = f"`{name}` holds years; they are read as dates"
    for attempt in range(ATTEMPTS):
        spec = validate("ingest", {**content, **cells.content()}, source="init")
        try:
            with said_later():
                source = None if attempt else opened
                return *read(spec, problem, workspace, (), source), cells
        except MixedTypesError as error:
            if attempt == ATTEMPTS - 1:
                raise
            for name, mixed in error.columns.items():
                is_names = name in problem.targets and task != "regression"
                _settle(cells, name, mixed, is_names or not mixed.missing)
    raise AssertionError


@contextlib.contextmanager
def said_later() -> Iterator[None]:
    """Do not warn of what init asks about or says at its end: dates that fit two orders, and files
    that hold no whole image.
    """

    def others(record: logging.LogRecord) -> bool:
        return record.msg is not inference.EITHER_ORDER and record.msg is not files.LEFT_OUT

    inference.log.addFilter(others)
    try:
        yield
    finally:
        inference.log.removeFilter(others)


def _settle(cells: Cells, name: str, mixed: Mixed, is_names: bool) -> None:
    if is_names:
        cells.columns[name] = {"kind": "category"}
        cells.why[name] = f"`{name}` holds {mixed.about}; it is read as names, not as {mixed.kind}"
    else:
        cells.missing += [cell for cell in mixed.missing if cell not in cells.missing]
        cells.missing_of[name] = mixed


def open_dates(table: "pa.Table", columns: Sequence[Column]) -> list[Column]:
    """Return the columns whose dates all fit month/day as well as day/month.

    None where another column's dates tell how this file writes them.
    """
    dated = [column for column in columns if column.kind == "datetime"]
    numeric = [column for column in dated if dates.is_day_first(column.format) is not None]
    is_open = {c.name: _fits_both(table, c) for c in numeric}
    return numeric if all(is_open.values()) else []


def _fits_both(table: "pa.Table", column: Column) -> bool:
    micros = to_array(table[column.name], "datetime")
    days = micros[~is_missing("datetime", micros)].astype("M8[us]").astype("M8[D]")
    day_of_month = (days - days.astype("M8[M]").astype("M8[D]")).astype(np.int64) + 1
    return bool((day_of_month <= 12).all())


def settle_dates(cells: Cells, found: Sequence[Column], *, asks: bool) -> bool:
    """Say how dates are read that fit two orders; return whether the table must be read again."""
    changed = False
    for column in found:
        name, month_first = column.name, str(column.format)
        other = month_first.translate(str.maketrans("md", "dm"))
        order = MONTH_FIRST
        if asks:
            question = f"every date in `{name}` fits month/day and day/month; which is it"
            order = ask_choice(question, MONTH_FIRST, [MONTH_FIRST, DAY_FIRST])
        is_other = order == DAY_FIRST
        cells.columns[name] = {"kind": "datetime", "format": other if is_other else month_first}
        alternative = month_first if is_other else other
        cells.why[name] = (
            f"every date in `{name}` fits month/day and day/month; it is read as {order}, "
            f'for the other order set format "{alternative}"'
        )
        changed |= is_other
    return changed
