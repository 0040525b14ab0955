"""time.look_ahead: columns that were computed from rows that come later."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import EXACT, STRONG, influence, ranks, shifted
from ninefold.leakage._formulas import Table, match, smoothing, table
from ninefold.leakage._series import Series, series_of
from ninefold.leakage.case import Case, Check, Finding, Severity

LARGEST = 1e100
"""Numbers from this size on, infinite ones too, count as missing: their squares overflow."""


@dataclass(frozen=True)
class _Ahead:
    """How a column looks ahead."""

    severity: Severity
    what: str
    evidence: dict[str, Any]


class LookAheadCheck(Check):
    """Columns that hold the target's next values, or were averaged over them.

    The rows are put in order (by the declared time, by a date column, else as the file stands) and
    within entities. A column that equals the target some rows later blocks; so does one that the
    target's future explains to the last digit once its past and present are known: no honest
    column can. A column that it explains by more than half asks a question.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.look_ahead",)

    def findings(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for series in series_of(case):
            y = _target(case)[series.index]
            if np.abs(y).max() >= LARGEST:
                continue
            formulas = table(series, y, case.seed, case.is_classification)
            for name in case.inputs:
                if name in told or name == series.time:
                    continue
                found = _look(case, series, name, y, formulas)
                if found is not None:
                    told.add(name)
                    yield _finding(case, series, name, found)


def _target(case: Case) -> Array:
    """Return the target as numbers `(N,)`; of many classes, whether it is the commonest."""
    if not case.is_classification:
        return case.y
    if case.y.max() <= 1:
        return case.y.astype(np.float64)
    return np.asarray(case.y == np.bincount(case.y).argmax(), dtype=np.float64)


def _look(case: Case, series: Series, name: str, y: Array, formulas: Table | None) -> _Ahead | None:
    if case.frame.column(name).kind not in ("number", "bool"):
        return None
    x = case.number(name)[series.index]
    x = np.where(np.abs(x) < LARGEST, x, np.nan)
    if np.isfinite(x).sum() < 40 or len(np.unique(x[np.isfinite(x)][:1000])) < 2:
        return None
    return (
        _copy(case, series, x, y)
        or (None if formulas is None else _computed(case, formulas, x))
        or _smoothed(case, series, x, y)
        or _influenced(case, series, x, y)
    )


def _computed(case: Case, formulas: Table, x: Array) -> _Ahead | None:
    found = match(formulas, x)
    if found is None:
        return None
    target = case.problem.target
    evidence = {"formula": found.what, "rows_looked_at": len(formulas.places)}
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


def _influenced(case: Case, series: Series, x: Array, y: Array) -> _Ahead | None:
    found = influence(series, x, y, case.seed)
    if found is None:
        return None
    best = max(found.future, found.own, key=lambda item: item.explained)
    evidence = {
        "explained_by_future": round(best.explained, 6),
        "rows_ahead_looked_at": found.reach,
        "rows_looked_at": best.rows,
        "placebo": round(found.placebo, 6),
    }
    target = case.problem.target
    if best.explained >= EXACT and best.explained > found.placebo + 0.2:
        return _Ahead("block", f"was computed from later values of `{target}`", evidence)
    if found.own.explained >= STRONG and found.own.explained > found.placebo + 0.2:
        told = f"{found.own.explained:.0%}"
        return _Ahead(
            "warn",
            f"holds what later values of `{target}` bring ({told} of what its past leaves open)",
            evidence,
        )
    return None


def _finding(case: Case, series: Series, name: str, found: _Ahead) -> Finding:
    return Finding(
        kind="time.look_ahead",
        severity=found.severity,
        columns=(name,),
        evidence={"order": series.words, **found.evidence},
        message=f"`{name}` {found.what} ({series.words}): in use that value does not exist yet",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}; or shift it to earlier rows in "
        "the source",
        fix=((("problem", "available_at", name), "after"),),
    )
