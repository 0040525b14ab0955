"""Which columns are the largest or least of another's rows to come, or their spread."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._formulas import (
    MIN_PAIRS,
    PLACES,
    REACH,
    STEPS,
    Formula,
    Table,
    compared,
    fitting,
    windows,
)
from ninefold.leakage._series import Series

ORDERED = ("largest", "smallest", "spread")
"""What no straight line gives."""
SCREENED, SCREENED_ROWS = 0.98, 150
"""Correlation with a formula, in so many rows, from which columns are compared with it in all."""
MIN_DISTINCT = 20


@dataclass(frozen=True)
class Extreme:
    """A column that is a formula of rows of `source` to come."""

    name: str
    source: str
    what: str
    rows: int


def extremes(
    series: Series, sources: dict[str, Array], names: list[str], seed: int
) -> Iterator[Extreme]:
    """Yield which columns `names` are an extreme of later rows of one of `sources`.

    Values `(M,)` are in the order of the series. As it is, or against the present row. What rows up
    to the present give as well is left out.
    """
    places = series.inner(0, PLACES, seed)
    if len(places) < MIN_PAIRS:
        return
    columns = {name: sources[name] for name in names}
    behind: set[str] = set()
    found: dict[str, Extreme] = {}
    for source, values in sources.items():
        around = series.around(values, places, np.arange(-REACH, REACH + 1))
        if len(np.unique(around[:, REACH])) < MIN_DISTINCT:
            continue
        others = {name: x for name, x in columns.items() if name != source}
        some = slice(None, None, max(1, len(places) // SCREENED_ROWS))
        close = _close(_formulas(around[some], places[some]), others)
        if not close:
            continue
        formulas = _formulas(around, places)
        for name in close:
            fit = fitting(formulas, columns[name])
            if any(f.looks == "past" for f in fit):
                behind.add(name)
            elif fit:
                found.setdefault(name, Extreme(name, source, fit[0].what, len(places)))
    yield from (item for name, item in found.items() if name not in behind)


def _formulas(around: Array, places: Array) -> Table:
    """Return the formulas of a feature: unlike a target's, its present row is known.

    A single row to come is one of the past here: where it fits, the feature may be the lag.
    """
    every = [
        replace(f, looks="past") if f.looks == "present" else f
        for f in (*windows(around, ORDERED), *compared(around, ("largest", "smallest")))
        if np.isfinite(f.values).sum() >= MIN_PAIRS
    ]
    every += [
        Formula(f"the value {step} rows later", "past", around[:, REACH + step])
        for step in (0, *STEPS)
    ]
    return Table(places, tuple(every), np.column_stack([f.values for f in every]))


def _close(formulas: Table, columns: dict[str, Array]) -> list[str]:
    """Return the columns that go with one of the formulas, all compared at once."""
    if not columns:
        return []
    x = np.stack([values[formulas.places] for values in columns.values()])
    best = np.abs(formulas.correlations(x)[0]).max(axis=1)
    return [name for name, r in zip(columns, best, strict=True) if r >= SCREENED]
