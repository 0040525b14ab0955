"""Says where a table is plainly a series whose target could be forecast from its own past."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array, Column, Frame, is_missing, to_array
from ninefold.problem import ProblemSpec

if TYPE_CHECKING:
    import pyarrow as pa

    from ninefold.leakage._series import Series

LEAST_VALUES = 3
"""Values that a target has at least; two are classes."""
MOST_ROWS = 300_000
"""Rows, from the first, that are looked at."""
DAY_US = 86_400_000_000
SEEN = 4
"""Times that a series must hold its season for it to be a horizon."""
UNITS = (
    ("week", 7 * DAY_US), ("day", DAY_US), ("hour", DAY_US // 24), ("minute", DAY_US // 1440),
    ("second", DAY_US // 86_400),
)  # fmt: skip
SEASONS = {"1 day": 7, "1 hour": 24, "30 minutes": 48, "15 minutes": 96, "1 month": 12,
           "1 quarter": 4, "10 minutes": 144}  # fmt: skip
"""Length of a step -> how many steps make a week, a day, a year."""
CALENDAR = ((27, 32, "1 month"), (89, 93, "1 quarter"), (364, 367, "1 year"))
"""Days, least and below which, that a step of the calendar has."""


def suggestion(
    data: str, table: "pa.Table", columns: Sequence[Column], problem: ProblemSpec
) -> str | None:
    """Return the sentence that says so, with the command to type; None where it is none.

    Plainly a series: the target is a number, dates run at even steps with one row each (for each
    entity), and a row's target resembles that of the row before.
    """
    from ninefold.leakage.case import Case
    from ninefold.leakage.undeclared_time import RESEMBLES, SURE, is_regular, resemblance

    kinds = {column.name: column.kind for column in columns}
    if problem.also or kinds[problem.target] != "number" or "datetime" not in kinds.values():
        return None
    frame = _frame(table, columns, problem)
    if len(np.unique(frame[problem.target])) < LEAST_VALUES:
        return None
    asked = problem.model_copy(update={"task": "regression", "horizon": None})
    if kinds.get(problem.time or "") != "datetime":
        asked = asked.model_copy(update={"time": None})
    case = Case(frame, np.full(len(frame), "train"), asked, "random")
    for series in case.series:
        if series.time is None or len(series.by) > 1 or not is_regular(case, series):
            continue
        alike, z = resemblance(case, series)
        if alike >= RESEMBLES and z >= SURE:
            return _sentence(data, frame, series, problem.target, alike)
    return None


def _frame(table: "pa.Table", columns: Sequence[Column], problem: ProblemSpec) -> Frame:
    """Return the first rows that have a target, without texts and tensors."""
    shown = tuple(c for c in columns if not c.is_tensor and c.kind != "text")
    table = table.slice(0, MOST_ROWS)
    data = {column.name: to_array(table[column.name], column.kind) for column in shown}
    known = np.flatnonzero(~is_missing("number", data[problem.target]))
    return Frame(shown, data, np.arange(table.num_rows)).take(known)


def _sentence(data: str, frame: Frame, series: "Series", target: str, alike: float) -> str:
    assert series.time is not None
    step, counts = _step(frame[series.time][series.index], series.entity)
    each = f" for each {', '.join(series.by)}" if series.by else ""
    options: dict[str, Sequence[object]] = {"--target": [target], "--time": [series.time]}
    if series.by:
        options["--entity"] = series.by
    season = SEASONS.get(step)
    options["--forecast"] = [1, season] if season and season < counts / SEEN else [1]
    return (
        f"one row every {step.removeprefix('1 ')}{each}, and `{target}` resembles that of the row "
        f"before ({alike:.2f}): a series. To forecast it from its past: {_command(data, options)}"
    )


def _command(data: str, options: Mapping[str, Sequence[object]]) -> str:
    words = ["ninefold", "init", data]
    for option, values in options.items():
        words += [option, *map(str, values)]
    return shlex.join(words)


def _step(moments: Array, entity: Array) -> tuple[str, int]:
    """Return how long a step is, in words, and how many steps the median entity has.

    Args:
        moments: microseconds `(M,)`, each entity's in order.
        entity: codes `(M,)`, equal ones adjacent.
    """
    steps = np.diff(moments)[entity[1:] == entity[:-1]]
    usual = int(np.median(steps[steps > 0]))
    counts = int(np.median(np.unique(entity, return_counts=True)[1]))
    days = usual / DAY_US
    for least, below, name in CALENDAR:
        if least <= days < below:
            return name, counts
    for name, size in UNITS:
        if usual % size == 0:
            number = usual // size
            return f"{number} {name}{'s' if number > 1 else ''}", counts
    return f"{usual / UNITS[-1][1]:g} seconds", counts
