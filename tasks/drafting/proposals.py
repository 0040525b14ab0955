"""What a table suggests: the task, identifiers, the column that orders the rows."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.aims import aim_of
from ninefold.columns import Array, Column, Frame, is_missing, to_array
from ninefold.errors import InputError
from ninefold.problem import ProblemSpec, Task
from ninefold.target import Target
from ninefold.texts import split_text
from tasks.drafting.entities import by_values
from tasks.drafting.labels import joined_labels
from tasks.drafting.roles import Roles, propose_roles

MAX_CLASSES = 20
"""Whole numbers with more distinct values than this are a regression target."""
MIN_ROWS_FOR_IDS = 50
MIN_WORDS, MAIN_SHARE, SAMPLE_CELLS = 15, 0.5, 1000
"""A text is what a table is about where its cells have so many words and hold such a share of all
characters, judged by so many cells."""
MAX_SLICES, MAX_SLICE_LEVELS = 3, 12
MOST_MISSING = 0.2
"""Share of rows without a date above which it does not order them: it came with some outcome."""
ID_NAME = re.compile(
    r"(?:^|[\W_])(?:id|ids|uuid|guid|key|nr|no|num|number|index|identifier|rowid|record)(?:$|[\W_])",
    re.IGNORECASE,
)
ID_SUFFIX = re.compile(r"[a-z](?:Id|ID|Key|Nr|No)$")
CODE = re.compile(r"[A-Za-z]{0,6}[-_#/]?[0-9A-Fa-f-]{2,}")
TIME_NAME = re.compile(
    r"(?:^|[\W_])(?:date|time|datetime|timestamp|ts|datum|zeit|day|week|month|quarter|year|hour|when|at|fecha|jour)(?:$|[\W_])",
    re.IGNORECASE,
)
BIRTH = re.compile(r"birth|born|dob|geburt|naissance|nacimiento", re.IGNORECASE)


@dataclass(frozen=True)
class Proposal:
    """What the columns suggest beyond what was said on the command line."""

    task: Task
    why_task: str
    ids: tuple[str, ...]
    times: tuple[str, ...]
    """Columns that could order the rows, the likeliest first."""
    time: str | None
    """The one proposed, if one stands out."""
    constants: tuple[str, ...]
    slices: tuple[str, ...]
    text: str | None
    """The column of texts that most of the table consists of, if one does."""
    roles: Roles
    """Entities and late columns."""


def propose(
    table: pa.Table, columns: Sequence[Column], targets: Sequence[str], reserved: Iterable[str]
) -> Proposal:
    """Look at a table as ingest reads it; `reserved` columns have a role already."""
    target = targets[0] if targets else ""
    taken = {*targets, *reserved}
    free = [c for c in columns if c.name not in taken and not c.is_tensor]
    distinct = {column.name: pc.count_distinct(table[column.name]).as_py() for column in free}
    ids = tuple(
        c.name for c in free if "id" in c.roles or _is_identifier(table, c, distinct[c.name])
    )
    task, why = _infer(table, [_named(columns, name) for name in targets])
    dates = [c.name for c in free if c.kind == "datetime" and distinct[c.name] > 2]
    others = {c.name for c in free} - set(ids)
    roles = propose_roles(table, columns, target, others)
    if target and len(table) >= MIN_ROWS_FOR_IDS:
        roles = by_values(roles, table, columns, target, task, others)
    most = MOST_MISSING * len(table)
    full = [name for name in dates if table[name].null_count <= most]
    early = [name for name in full if name not in roles.perhaps_after]
    named = [name for name in early if _has_time_name(name) or _is_sorted(table, name)]
    levels = {c.name: distinct[c.name] for c in free if c.kind in ("category", "bool")}
    return Proposal(
        task=task,
        why_task=why,
        ids=ids,
        times=tuple(dict.fromkeys([*named, *dates])),
        time=named[0] if len(named) == 1 else None,
        constants=tuple(name for name, count in distinct.items() if count < 2),
        slices=tuple(n for n, k in levels.items() if 2 <= k <= MAX_SLICE_LEVELS)[:MAX_SLICES],
        text=_main_text(table, free),
        roles=roles,
    )


def _main_text(table: pa.Table, columns: Sequence[Column]) -> str | None:
    """Return the column of texts of many words each that holds most of the table's characters."""
    sizes = {
        column.name: sum(len(cell or "") for cell in _cells(table, column.name))
        for column in columns
    }
    texts = [column.name for column in columns if column.kind == "text"]
    name = max(texts, key=lambda text: sizes[text], default=None)
    if name is None or sizes[name] < MAIN_SHARE * sum(sizes.values()):
        return None
    words = [len(split_text(cell)) for cell in _cells(table, name) if cell]
    return name if len(words) and float(np.median(words)) >= MIN_WORDS else None


def _cells(table: pa.Table, name: str) -> list[str | None]:
    """Return the first cells of a column as text."""
    cells: list[str | None] = pc.cast(table[name].slice(0, SAMPLE_CELLS), pa.string()).to_pylist()
    return cells


def _named(columns: Sequence[Column], name: str) -> Column:
    return next(column for column in columns if column.name == name)


def _infer(table: pa.Table, targets: Sequence[Column]) -> tuple[Task, str]:
    """Return the task that one target or several suggest, and why.

    Raises:
        InputError: some suggest classes and some numbers.
    """
    if not targets:
        return "classification", "no target"
    found = {column.name: infer_task(table, column) for column in targets}
    if len({task for task, _ in found.values()}) > 1:
        said = "; ".join(f"`{name}`: {task}, {why}" for name, (task, why) in found.items())
        raise InputError(
            f"several targets must all be numbers or all have two classes, however: {said}. "
            + (
                "Say --task regression, or predict them one by one"
                if all(column.kind == "number" for column in targets)
                else "Predict together those alike"
            )
        )
    return found[targets[0].name]


def infer_task(table: pa.Table, column: Column) -> tuple[Task, str]:
    """Return the task a target suggests, and why."""
    if column.kind != "number":
        return "classification", f"the target is a {column.kind} column"
    values = to_array(table[column.name], "number")
    distinct = np.unique(values[~np.isnan(values)])
    whole = bool(np.isfinite(distinct).all() and (distinct == np.round(distinct)).all())
    if len(distinct) == 2 or (whole and len(distinct) <= MAX_CLASSES):
        return "classification", f"the target has {len(distinct)} distinct values"
    return "regression", f"the target has {len(distinct)} distinct numbers"


def check_target(
    table: pa.Table, columns: Sequence[Column], problem: ProblemSpec
) -> tuple[Target, Array]:
    """Return the target as fitted on all rows, and its values `(N,)` that are not missing.

    Raises:
        InputError: one class only, text for a regression, or nearly as many classes as rows.
    """
    column = _named(columns, problem.target)
    values = to_array(table[column.name], column.kind)
    values = values[~is_missing(column.kind, values)]
    rows = np.arange(len(values))
    target = Target.fit(Frame((column,), {column.name: values}, rows), problem)
    if len(target.classes) > max(MAX_CLASSES, len(values) // 5):
        if joined := joined_labels(table, columns, problem.target):
            raise InputError(f"target {joined.sentence()}")
        raise InputError(
            f"target `{column.name}` must have classes that repeat, however: {len(target.classes)} "
            f"classes in {len(values)} rows. Choose another target"
            + (", or give --task regression" if column.kind == "number" else "")
        )
    return target, values


def check_labels(table: pa.Table, columns: Sequence[Column], problem: ProblemSpec) -> None:
    """Raise `InputError` or `ConfigError` for a target that a task only compares with, or tags."""
    if problem.learns_target or not problem.target:
        return
    values = {column.name: to_array(table[column.name], column.kind) for column in columns}
    aim_of(problem.task).check(Frame(tuple(columns), values, np.arange(len(table))), problem)


def _is_identifier(table: pa.Table, column: Column, distinct: int) -> bool:
    """Tell whether every row has its own value and values look like names of rows."""
    if len(table) < MIN_ROWS_FOR_IDS or distinct < len(table) or column.kind == "datetime":
        return False
    named = bool(ID_NAME.search(column.name) or ID_SUFFIX.search(column.name))
    if column.kind == "number":
        values = to_array(table[column.name], "number")
        if not np.isfinite(values).all() or (values != np.round(values)).any():
            return False
        counts_rows = float(np.ptp(values)) < 1.5 * len(values)
        return named or counts_rows
    if named:
        return True
    first: list[Any] = pc.cast(table[column.name].slice(0, 200), pa.string()).to_pylist()
    return all(text is not None and CODE.fullmatch(text) for text in first)


def _has_time_name(name: str) -> bool:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return bool(TIME_NAME.search(spaced)) and not BIRTH.search(name)


def _is_sorted(table: pa.Table, name: str) -> bool:
    """Tell whether the file stands in the order of a date column."""
    values = to_array(table[name], "datetime")
    steps = np.diff(values[~is_missing("datetime", values)])
    return len(steps) > 0 and bool((steps >= 0).all() or (steps <= 0).all())
