"""How long after its row a target is known, where the table itself tells."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import NAT, Array
from ninefold.leakage._formulas import (
    COMPARED,
    MIN_PAIRS,
    MIN_VARIED,
    PLACES,
    REACH,
    Formula,
    Table,
    changes_ahead,
    compared,
    fitting,
    windows,
)
from ninefold.leakage._series import Series
from ninefold.leakage._ties import SURE, agreement
from ninefold.leakage.case import Case

MOST, MIN_DISTINCT, LARGEST = 24, 20, 1e100
"""Features looked at, different values that each has at least, and size from which one is noise."""
SCREENED, SCREENED_ROWS = 0.98, 150
"""Correlation with a formula, in so many rows, from which the target is compared with it in all."""
SAME = 0.9
"""Share of rows in which a column is another one some rows later, from which that is its lag."""
EVEN = 0.85
"""Shortest window of the longest: months have 28 to 31 days."""


@dataclass(frozen=True)
class Known:
    """How long after its row a target is known, in units of `problem.time`, and what says so."""

    after: float
    column: str
    why: str


def outcome_known(case: Case) -> Known | None:
    """Look for a later date that every row has, or for later rows that the target is made of."""
    if not case.problem.learns_target:
        return None
    for series in case.series:
        if series.time is not None and series.time == case.problem.time:
            found = _window_end(case, series) or _later_rows(case, series)
            if found is not None:
                return found
    return None


def _window_end(case: Case, series: Series) -> Known | None:
    """Look for the end of the window that each row is about, if windows that overlap are alike."""
    time = case.problem.time
    inside = np.flatnonzero(series.entity[1:] == series.entity[:-1])
    here, then = series.index[inside], series.index[inside + 1]
    if time is None or case.frame.column(time).kind != "datetime":
        return None
    if agreement(case, here, then) < SURE:
        return None
    start = case.frame[time]
    for name in case.inputs:
        end = case.frame[name]
        if case.frame.column(name).kind != "datetime" or name == time or (end == NAT).any():
            continue
        lengths = (end - start)[start != NAT]
        if lengths.min() > 0 and lengths.min() >= EVEN * lengths.max():
            why = f"the window that each row is about ends then, by `{name}`"
            return Known(float(np.median(lengths)), name, why)
    return None


def _later_rows(case: Case, series: Series) -> Known | None:
    """Look for a feature whose later rows give the target, as those up to the present do not."""
    places = series.inner(0, PLACES, case.seed)
    y = case.y[series.index].astype(np.float64)
    if len(places) < MIN_PAIRS or (case.is_classification and case.y.max() > 1):
        return None
    some = places[:: max(1, len(places) // SCREENED_ROWS)]
    found: Known | None = None
    numbers = _numbers(case, series)
    for name, x in numbers.items():
        if len(np.unique(x[np.isfinite(x)][:2000])) < MIN_DISTINCT:
            continue
        if not _fitting(case, _table(series, x, some), y, first=True):
            continue
        fits = _fitting(case, _table(series, x, places), y)
        if any(f.looks != "future" for f in fits):
            return None
        for formula in fits:
            rows = formula.ahead - _lead(series, x, numbers, places, formula.ahead)
            after = _after(case, series, places, rows)
            if found is None or after < found.after:
                why = f"`{case.problem.target}` is {formula.what} of `{name}`"
                found = Known(after, name, why)
    return found


def _numbers(case: Case, series: Series) -> dict[str, Array]:
    names = [n for n in case.inputs if case.frame.column(n).kind == "number"][:MOST]
    values = {n: np.asarray(case.frame[n], dtype=np.float64)[series.index] for n in names}
    return {n: np.where(np.abs(x) < LARGEST, x, np.nan) for n, x in values.items()}


def _lead(series: Series, x: Array, numbers: dict[str, Array], places: Array, most: int) -> int:
    """Return how many of the next rows of `x` a row knows already: by a column that `x` lags."""
    later = series.around(x, places, np.arange(1, most + 1))
    there = np.maximum(np.isfinite(later).sum(axis=0), MIN_PAIRS)
    shares = [(later == z[places][:, None]).sum(axis=0) / there for z in numbers.values()]
    return int((np.flatnonzero(np.max(shares, axis=0) >= SAME) + 1).max(initial=0))


def _after(case: Case, series: Series, places: Array, rows: int) -> float:
    """Return how long it usually is until so many rows later."""
    moments = np.asarray(case.frame[series.time or ""], dtype=np.float64)[series.index]
    lasts = series.around(moments, places, np.array([rows]))[:, 0]
    return float(np.nanmedian(lasts - moments[places]))


def _table(series: Series, x: Array, places: Array) -> Table:
    """Return the formulas of a feature `x` `(M,)`.

    A single row to come counts as one of the past: where it fits, the feature may be a lag.
    """
    around = series.around(x, places, np.arange(-REACH, REACH + 1))
    changes = changes_ahead(around, range(1, REACH + 1))
    every: list[Formula] = [
        f
        for f in (*windows(around, COMPARED), *changes, *compared(around))
        if np.isfinite(f.values).sum() >= MIN_PAIRS
    ]
    for step in range(-REACH, REACH + 1):
        every.append(Formula(f"the value {step} rows on", "past", around[:, REACH + step]))
    return Table(places, tuple(every), np.column_stack([f.values for f in every]))


def _fitting(case: Case, formulas: Table, y: Array, *, first: bool = False) -> list[Formula]:
    """Return the formulas that give the target `(M,)`, or a threshold of which parts its classes.

    first: return those that may, judged by few rows.
    """
    if case.is_classification:
        return list(_parting(formulas, y[formulas.places] > 0))
    if not first:
        return fitting(formulas, y)
    r = np.abs(formulas.correlations(y[formulas.places])[0])
    return [f for f, of in zip(formulas.formulas, r, strict=True) if of >= SCREENED]


def _parting(formulas: Table, positive: Array) -> Iterator[Formula]:
    known = np.isfinite(formulas.values)
    if min(positive.sum(), (~positive).sum()) < MIN_VARIED:
        return
    high = np.where(known, formulas.values, -np.inf)
    low = np.where(known, formulas.values, np.inf)
    above = low[positive].min(axis=0) > high[~positive].max(axis=0)
    below = high[positive].max(axis=0) < low[~positive].min(axis=0)
    enough = known.sum(axis=0) >= MIN_PAIRS
    for at in np.flatnonzero((above | below) & enough):
        yield formulas.formulas[at]
