"""time.look_ahead: columns that were computed from rows that come later."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import (
    EXACT,
    STRONG,
    Influence,
    Surroundings,
    influence,
    looks,
    ranks,
    shifted,
    stretches_of,
    surroundings,
)
from ninefold.leakage._filled_ahead import filled_ahead
from ninefold.leakage._formulas import Table, match, open_rows, table
from ninefold.leakage._series import Series, is_schedule
from ninefold.leakage._smoothed import smoothing
from ninefold.leakage.case import Case, Check, Finding, Severity, known_after

LARGEST = 1e100
"""Numbers from this size on, infinite ones too, count as missing: their squares overflow."""
LEFT = 0.1
"""Share left open by the future, of what it leaves open in a moved column, up to which a column was
computed from it."""
NEARLY = 0.85
"""Share explained by the future from which a value kept over rows deserves a question: a price that
is known before moves what is sold, but never so surely."""
MIN_KNOWN = 40
FEW, MOST = 3, 0.4
"""Columns, and share of all, that may be tied to what comes later before it is the table's way."""


@dataclass(frozen=True)
class _Ahead:
    """How a column looks ahead."""

    severity: Severity
    what: str
    evidence: dict[str, Any]
    is_question: bool = False
    """Only the strength of a tie speaks for it: where most columns have it, it is the table's."""


class LookAheadCheck(Check):
    """Columns that hold the target's next values, or were averaged over them.

    Where an experiment gives everybody the same targets in the same order, what it gives everybody
    along with them is a plan, known before. The rows are put in order (by the declared time, by a
    date column, else as the file stands) and within entities. A column that equals the target some
    rows later blocks; so does one that the target's future explains to the last digit once its
    past and present are known: no honest column can. A column that it explains by more than half
    asks a question, unless most columns are like that.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.look_ahead",)

    def findings(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for series in case.series:
            y = _target(case)[series.index]
            if np.abs(y).max() >= LARGEST:
                continue
            dated = series.time is not None and case.frame.column(series.time).kind == "datetime"
            moments = case.frame[series.time][series.index] if series.time and dated else None
            declared = case.problem.time is not None
            formulas = table(series, y, case.seed, case.is_classification, moments, declared)
            unknown = _open_rows(case, series)
            arounds = looks(series, y, case.seed)
            fixed = is_schedule(series, y)
            found = {}
            for name in case.inputs:
                if name in told or name == series.time:
                    continue
                x = _values(case, series, name)
                if x is not None and not (fixed and is_schedule(series, x)):
                    found[name] = _look(case, series, x, y, formulas, unknown, arounds)
            ahead = {name: item for name, item in found.items() if item is not None}
            asked = [name for name, item in ahead.items() if item.is_question]
            for name, item in ahead.items():
                if not item.is_question or len(asked) <= max(FEW, MOST * len(found)):
                    told.add(name)
                    yield _finding(case, series, name, item)


def _target(case: Case) -> Array:
    """Return the target as numbers `(N,)`; of many classes, whether it is the commonest."""
    if not case.is_classification:
        return case.y
    if case.y.max() <= 1:
        return case.y.astype(np.float64)
    return np.asarray(case.y == np.bincount(case.y).argmax(), dtype=np.float64)


def _values(case: Case, series: Series, name: str) -> Array | None:
    """Return the numbers `(M,)` of a column that varies along the series; else None."""
    if case.frame.column(name).kind not in ("number", "bool"):
        return None
    x = case.number(name)[series.index]
    x = np.where(np.abs(x) < LARGEST, x, np.nan)
    known = x[np.isfinite(x)]
    return x if len(known) >= MIN_KNOWN and len(np.unique(known[:1000])) >= 2 else None


def _look(
    case: Case,
    series: Series,
    x: Array,
    y: Array,
    formulas: Table | None,
    unknown: int,
    arounds: list[Surroundings],
) -> _Ahead | None:
    return (
        _copy(case, series, x, y)
        or (None if formulas is None else _computed(case, formulas, unknown, x))
        or _smoothed(case, series, x, y)
        or _filled(case, series, x, y)
        or next(filter(None, (_influenced(case, around, x) for around in arounds)), None)
        or _kept(case, series, x, y)
    )


def _open_rows(case: Case, series: Series) -> int:
    """Return how many of the last rows have no target yet, by the declared horizon."""
    if case.horizon is None or series.time is None or series.time != case.problem.time:
        return 0
    return open_rows(series, case.frame[series.time][series.index], case.horizon)


def _computed(case: Case, formulas: Table, unknown: int, x: Array) -> _Ahead | None:
    found = match(formulas, x, unknown)
    if found is None:
        return None
    target = case.problem.target
    evidence = {"formula": found.what, "rows_looked_at": len(formulas.places)}
    if found.looks == "past":
        later = f"which is known only {case.problem.horizon_text} after its row (problem.horizon)"
        return _Ahead("warn", f"is, but for units, {found.what} of `{target}`, {later}", evidence)
    severity: Severity = "block" if found.looks == "future" else "warn"
    return _Ahead(severity, f"is, but for units, {found.what} of `{target}`", evidence)


def _copy(case: Case, series: Series, x: Array, y: Array) -> _Ahead | None:
    found = shifted(series, ranks(x), ranks(y), case.seed)
    if found is None:
        return None
    evidence = {
        "rows_ahead": found.step,
        "correlation_with_that_row": round(found.correlation, 6),
        "best_correlation_with_present_or_past": round(found.best_of_past, 6),
    }
    rows = "the next row" if found.step == 1 else f"the row {found.step} later"
    return _Ahead("block", f"repeats `{case.problem.target}` of {rows}", evidence)


def _smoothed(case: Case, series: Series, x: Array, y: Array) -> _Ahead | None:
    how = smoothing(series, x, y, case.seed)
    if how is None:
        return None
    severity: Severity = "block" if "later" in how else "warn"
    return _Ahead(severity, f"is `{case.problem.target}` {how}", {"formula": how})


def _filled(case: Case, series: Series, x: Array, y: Array) -> _Ahead | None:
    how = None if case.is_classification else filled_ahead(series, x, y)
    if how is None:
        return None
    return _Ahead("warn", f"is `{case.problem.target}` {how}", {"formula": how})


def _influenced(case: Case, around: Surroundings, x: Array) -> _Ahead | None:
    found = influence(around, x, case.seed)
    best = max(found.future, found.own, key=lambda item: item.explained)
    evidence = {
        "explained_by_future": round(best.explained, 6),
        "rows_ahead_looked_at": found.reach,
        "rows_looked_at": best.rows,
        "placebo": round(max(found.placebo, found.future_placebo), 6),
    }
    target = case.problem.target
    if _is_computed(found):
        return _Ahead("block", f"was computed from later values of `{target}`", evidence)
    if found.own.explained >= STRONG and found.own.explained > found.placebo + 0.2:
        told = f"{found.own.explained:.0%}"
        return _Ahead(
            "warn",
            f"holds what later values of `{target}` bring ({told} of what its past leaves open)",
            evidence,
            is_question=True,
        )
    return None


def _kept(case: Case, series: Series, x: Array, y: Array) -> _Ahead | None:
    """Look at a column that keeps a value over a day or a week in the first row of each."""
    begins = stretches_of(series, x)
    around = None if begins is None else surroundings(series, y, case.seed, begins)
    if around is None:
        return None
    found = around.without_own(x)
    if found.explained < NEARLY:
        return None
    evidence = {"explained_by_future": round(found.explained, 6), "rows_looked_at": found.rows}
    return _Ahead(
        "warn",
        f"keeps a value over rows in a row, and in the first of these holds what later values of "
        f"`{case.problem.target}` bring ({found.explained:.0%} of what its past leaves open)",
        evidence,
        is_question=True,
    )


def _is_computed(found: Influence) -> bool:
    """Tell whether the future leaves hardly anything open, and far less than in a moved column."""
    if found.own.explained >= EXACT and found.own.explained > found.placebo + 0.2:
        return True
    left, usual = 1 - found.future.explained, 1 - found.future_placebo
    return left <= 1 - EXACT and left <= LEFT * usual


def _finding(case: Case, series: Series, name: str, found: _Ahead) -> Finding:
    return Finding(
        kind="time.look_ahead",
        severity=found.severity,
        columns=(name,),
        evidence={"order": series.words, **found.evidence},
        message=f"`{name}` {found.what} ({series.words}): in use that value does not exist yet",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}; or shift it to earlier rows in "
        "the source",
        fix=known_after([name]),
    )
