"""time.feature_ahead: columns that were computed from another feature's later rows."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._extremes import Extreme, extremes
from ninefold.leakage._led import Led, led
from ninefold.leakage._series import Series
from ninefold.leakage._windowed import Windowed, windowed
from ninefold.leakage.case import Case, Check, Finding, known_after

MIN_DISTINCT, MOST = 20, 40
"""Distinct values that a column must have, and columns looked at."""
LARGEST = 1e100


class FeatureAheadCheck(Check):
    """Centred means, means and extremes of rows to come, changes to the next, of another feature.

    The rows around give such a column to its last digit, on rows that the straight line was not
    fitted to; those up to the present do not, nor do the target's. A column that is another one
    some rows later is asked about where the target goes with that other one's row and not with its
    own: else the other may be its lag. Only dates tell what is later, a file may be turned round.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.feature_ahead",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        told: set[str] = set()
        for series in case.series:
            columns = {
                name: x
                for name in _numbers(case)
                if _varies(series, x := _values(case, series, name))
            }
            names = [n for n in columns if n not in (case.problem.target, series.time)]
            for found in windowed(series, columns, names, case.seed):
                if found.name not in told and found.source != case.problem.target:
                    told.add(found.name)
                    yield _windowed(series, found)
            for extreme in extremes(series, columns, names, case.seed):
                if extreme.name not in told and extreme.source != case.problem.target:
                    told.add(extreme.name)
                    yield _extreme(series, extreme)
            if series.time is not None and case.problem.learns_target:
                features = {n: columns[n] for n in names if n not in told}
                for shifted in led(series, features, _target(case)[series.index], case.seed):
                    told.add(shifted.name)
                    yield _next(case, series, shifted)


def _target(case: Case) -> Array:
    """Return the target as numbers `(N,)`; of classes, whether it is the commonest."""
    if not case.is_classification:
        return case.y
    return np.asarray(case.y == np.bincount(case.y).argmax(), dtype=np.float64)


def _numbers(case: Case) -> list[str]:
    """Return the raw numbers, before them the target if it is one."""
    names = [n for n in case.inputs if case.frame.column(n).kind == "number"][:MOST]
    return names if case.is_classification else [case.problem.target, *names]


def _values(case: Case, series: Series, name: str) -> Array:
    values = np.asarray(case.frame[name], dtype=np.float64)[series.index]
    return np.where(np.abs(values) < LARGEST, values, np.nan)


def _varies(series: Series, x: Array) -> bool:
    """Tell whether values `(M,)` take many values, and change inside entities as often.

    What each entity has once goes with every statistic of its rows, earlier and later.
    """
    inside = series.entity[1:] == series.entity[:-1]
    known = np.isfinite(x)
    changes = inside & (x[1:] != x[:-1]) & known[1:] & known[:-1]
    return len(np.unique(x[known][:2000])) >= MIN_DISTINCT and changes.sum() >= MIN_DISTINCT


def _windowed(series: Series, found: Windowed) -> Finding:
    evidence = {
        "rows_ahead_looked_at": found.reach,
        "left_in_deviations": float(f"{found.missed:.3g}"),
        "left_by_past_and_present": round(found.missed_by_past, 6),
        "rows_looked_at": found.rows,
    }
    message = (
        f"`{found.name}` is computed from `{found.source}` of later rows ({series.words}): "
        "the rows around give it to the last digit, those up to the present do not. In use the "
        "later rows do not exist yet"
    )
    return _finding(series, found, evidence, message, "or compute it from rows up to the present")


def _extreme(series: Series, found: Extreme) -> Finding:
    message = (
        f"`{found.name}` is, but for units, {found.what} of `{found.source}` ({series.words}): in "
        "use these rows do not exist yet"
    )
    evidence = {"formula": found.what, "rows_looked_at": found.rows}
    return _finding(series, found, evidence, message, "or compute it from rows up to the present")


def _next(case: Case, series: Series, found: Led) -> Finding:
    rows = "the next row" if found.step == 1 else f"the row {found.step} later"
    evidence = {
        "rows_ahead": found.step,
        "correlation_of_news_in_its_row": round(found.tie, 4),
        "correlation_of_news_ahead": round(found.tie_ahead, 4),
        "rows_looked_at": found.rows,
    }
    message = (
        f"`{found.name}` is `{found.source}` of {rows} ({series.words}), and it is "
        f"`{found.source}` that moves with `{case.problem.target}` in the same row. Was it known "
        f"then? If `{found.source}` is a lag and moves first, it was"
    )
    return _finding(series, found, evidence, message, "unless it was known")


def _finding(
    series: Series,
    found: Windowed | Led | Extreme,
    evidence: dict[str, Any],
    message: str,
    instead: str,
) -> Finding:
    return Finding(
        kind="time.feature_ahead",
        severity="warn",
        columns=(found.name,),
        evidence={"order": series.words, "computed_from": found.source, **evidence},
        message=message,
        remedy=f"problem: {{available_at: {{{found.name!r}: after}}}}, {instead}",
        fix=known_after([found.name]),
    )
