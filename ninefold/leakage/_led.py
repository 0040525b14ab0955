"""Which of two columns, one being the other some rows later, belongs to the target's row."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import unit
from ninefold.leakage._series import Series

STEPS = (1, 2, 3, 4, 5, 6, 7, 12, 24, 30)
"""Rows by which a column may have been shifted."""
LOOKED, PLACES = 400, 3000
"""Rows whose values are compared, and rows from which ties are estimated."""
EQUAL, STILL = 0.98, 0.8
"""Least share of rows in which a shifted column equals the other, and most in which unshifted."""
PAST = 6
TIED, SURE, LOOSE = 0.25, 6.0, 3.0
"""Correlation of what is new in a column and in the target of its row, and its z; the z up to
which the shifted column has none of its own."""
LEFT = 1e-6
"""Share of a column's variance that its past must leave for there to be news."""


@dataclass(frozen=True)
class Led:
    """A column `name` that is `source` of `step` rows later, while `source` goes with its row."""

    name: str
    source: str
    step: int
    tie: float
    tie_ahead: float
    rows: int


def led(series: Series, columns: dict[str, Array], y: Array, seed: int) -> list[Led]:
    """Return the columns `(M,)` that hold another one's later values, judged by the target `(M,)`.

    A table with a column and its lag looks the same as one with a column and its next value. What
    tells them apart is the target: what is new in it goes with what is new in the column of the
    same row. Where that is the earlier of the two, the other one comes from a later row.
    """
    found: dict[str, Led] = {}
    for name, source, step in _shifted(series, columns, seed):
        item = _judged(series, columns[source], y, step, seed)
        if item is None or name in found:
            continue
        tie, ahead, rows = item
        root = np.sqrt(rows)
        if abs(tie) >= TIED and abs(tie) * root >= SURE and abs(ahead) * root <= LOOSE:
            found[name] = Led(name, source, step, tie, ahead, rows)
    return list(found.values())


def _shifted(series: Series, columns: dict[str, Array], seed: int) -> list[tuple[str, str, int]]:
    """Return (column, source, step) where a column equals the source so many rows later."""
    names = list(columns)
    if not names:
        return []
    values = np.column_stack([columns[name] for name in names])
    near = np.array([max(0.51 * unit(x[np.isfinite(x)]), 1e-9) for x in values.T])
    found = []
    for step in STEPS:
        places = series.inner(step, LOOKED, seed)
        if len(places) < LOOKED // 8:
            break
        here, later = values[places], values[places + step]
        moved = (np.abs(later - here) > near).mean(axis=0) > 1 - STILL
        for a in range(len(names)):
            same = np.abs(here[:, [a]] - later) <= near[a]
            level = np.abs(here[:, [a]] - here) <= near[a]
            fits = (same.mean(axis=0) >= EQUAL) & (level.mean(axis=0) <= STILL) & moved
            found += [(names[a], names[b], step) for b in np.flatnonzero(fits) if b != a]
    return found


def _judged(
    series: Series, x: Array, y: Array, step: int, seed: int
) -> tuple[float, float, int] | None:
    """Return how news of `y` go with news of `x` in its row, and `step` rows later, and rows."""
    places = series.inner(max(PAST, step), PLACES, seed)
    past = np.arange(-PAST, 0)
    known = np.column_stack([series.around(values, places, past) for values in (y, x)])
    ahead = series.around(x, places, np.arange(step + 1))
    now = y[places]
    kept = np.isfinite(known).all(axis=1) & np.isfinite(ahead).all(axis=1) & np.isfinite(now)
    if kept.sum() < 10 * (2 * PAST + step):
        return None
    known, ahead, now = known[kept], ahead[kept], now[kept]
    ties = []
    for told in (0, step):
        given = np.column_stack([np.ones(len(now)), known, ahead[:, :told]])
        mine, theirs = _news(now, given), _news(ahead[:, told], given)
        if mine is None or theirs is None:
            return None
        ties.append(float(np.mean(mine * theirs)))
    return ties[0], ties[1], len(now)


def _news(values: Array, given: Array) -> Array | None:
    """Return what `given` leaves of `values` `(n,)`, in its own deviations; None if hardly any."""
    size = np.maximum(np.abs(given).max(axis=0), 1e-300)
    rest = values - given / size @ np.linalg.lstsq(given / size, values, rcond=1e-10)[0]
    deviation = float(rest.std())
    if deviation**2 <= LEFT * float(values.var()) or deviation == 0:
        return None
    return np.asarray(rest / deviation)
