"""The derived columns that every table gets unless `featurize.auto` is off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ninefold.features.calendar import CalendarSpec
from ninefold.features.cyclic import CyclicPart, CyclicSpec
from ninefold.features.elapsed import ElapsedSpec
from ninefold.features.scope import Scope
from ninefold.features.text import TextSpec
from ninefold.problem import ProblemSpec
from ninefold.sequences import holds_words

YEARS = 4
"""A time column that spans so many years has every month in its first half twice."""
TIME_PARTS: tuple[CyclicPart, ...] = ("hour", "weekday")
DATE_PARTS: tuple[CyclicPart, ...] = ("hour", "weekday", "month")


@dataclass(frozen=True)
class Dates:
    """What the dates of a table are like, as far as it decides what is derived from them."""

    years: float = 0.0
    """Those that the problem's time column spans."""
    whole_days: frozenset[str] = frozenset()
    """Columns of dates that never have a time of day."""


def automatic(scope: Scope, problem: ProblemSpec, dates: Dates) -> Iterator[Any]:
    """Yield the Specs that fit the raw columns known at prediction time.

    The problem's time column gives only what comes round within weeks, and months where it spans
    many years: under a time-ordered split months of few years, and years, are new to the model.
    Other dates also give the year, the month and how long before the row's time they lie; whole
    days give no hour. Names already taken are left alone.
    """
    time = scope.raw.get(problem.time or "")
    has_time = time is not None and time.kind == "datetime"
    for column in scope.raw.values():
        if not _is_known(column.name, scope, problem):
            continue
        found: list[Any] = []
        if column.kind == "datetime":
            is_time = column.name == problem.time
            parts = TIME_PARTS if is_time and dates.years < YEARS else DATE_PARTS
            has_hours = column.name not in dates.whole_days
            found += [
                CyclicSpec(column=column.name, part=part)
                for part in parts
                if has_hours or part != "hour"
            ]
            if not is_time:
                found.append(CalendarSpec(column=column.name, parts=("year",)))
            if not is_time and has_time:
                found.append(ElapsedSpec(column=column.name, until=problem.time, unit="days"))
        if column.kind == "text" and not holds_words(column.format):
            found.append(TextSpec(column=column.name))
        for spec in found:
            if not set(spec.names()) & (set(scope.raw) | set(scope.derived)):
                yield spec


def _is_known(name: str, scope: Scope, problem: ProblemSpec) -> bool:
    roles = scope.raw[name].roles
    is_known = bool(roles & {"input", "time"}) and not roles & {"after", "target", "id"}
    return is_known and name not in problem.targets and not problem.is_after(name)
