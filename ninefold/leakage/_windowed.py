"""Which columns are straight-line functions of another's rows around: running means, changes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import correlations, unit
from ninefold.leakage._series import Series

REACHES = (16, 8, 4, 2)
"""Rows before and after that a window may hold; fewer where entities are short."""
ANCHORS, LEAST_PLACES = 600, 60
COARSE, FLOAT = 0.03, 1e-7
"""Coarsest unit of a column, and error of floats, in standard deviations."""
ROUNDED = 0.4
"""Root mean square of what rounding leaves, in units; 0.29 if all else is exact."""
APART = 4.0
"""How many times more the rows up to the present must leave than those to come with them."""
RECURSIVE = 1.5
"""How many times more rounding leaves where the row before, itself rounded, is used."""
KNOWN = 0.9


@dataclass(frozen=True)
class Windowed:
    """A column that rows of `source` up to `reach` later give, not those up to the present."""

    name: str
    source: str
    reach: int
    missed: float
    """Root mean square, in standard deviations, of what the window leaves on rows not fitted."""
    missed_by_past: float
    rows: int


def windowed(
    series: Series, sources: dict[str, Array], names: list[str], seed: int
) -> list[Windowed]:
    """Return which columns `names` look ahead in one of `sources` and look back in none.

    Values `(M,)` are in the order of the series. A column that equals a source some rows later is
    left out: as well the source may be its lag. So is one that its own row before gives with a
    source's past: exponential means reach further back than any window. And so is one that is given
    by the source's past with those of columns that hold its later rows already: it is their lag.
    """
    reach, places = _places(series, seed)
    if not reach:
        return []
    least = {name: _least(sources[name][places]) for name in names}
    least = {name: rounding for name, rounding in least.items() if rounding > 0}
    found: dict[str, Windowed] = {}
    behind: set[str] = set()
    for source in sources:
        for item in _explained(series, places, reach, sources, source, least):
            if item.missed_by_past <= least[item.name]:
                behind.add(item.name)
            elif item.missed <= least[item.name] < item.missed_by_past / APART:
                found.setdefault(item.name, item)
    return [
        item
        for name, item in found.items()
        if name not in behind
        and not _recurs(series, places, reach, sources, name, least[name])
        and not _is_of_lags(series, places, sources, item, least[name])
    ]


def _places(series: Series, seed: int) -> tuple[int, Array]:
    for reach in REACHES:
        places = series.inner(reach, ANCHORS, seed)
        if len(places) >= 2 * (2 * reach + 2) + LEAST_PLACES:
            return reach, places
    return 0, np.empty(0, dtype=np.int64)


def _least(x: Array) -> float:
    """Return what rounding may leave of a column `(P,)`, in deviations; 0 if it is constant.

    A coarse one must be met exactly.
    """
    x = x[np.isfinite(x)]
    spread = float(x.std()) if len(x) else 0.0
    step = unit(x) / spread if spread > 0 else np.inf
    return max(ROUNDED * step, FLOAT) if step <= COARSE else FLOAT * np.isfinite(step)


def _explained(
    series: Series,
    places: Array,
    reach: int,
    columns: dict[str, Array],
    source: str,
    least: dict[str, float],
) -> Iterator[Windowed]:
    """Explain columns by a window of `source`: fitted on every other place, tried on the rest.

    Only those of which the window leaves no more than rounding: `least`.
    """
    around = series.around(columns[source], places, np.arange(-reach, reach + 1))
    kept = np.isfinite(around).all(axis=1)
    y = {name: columns[name][places] for name in least if name != source}
    y = {name: v for name, v in y.items() if np.isfinite(v[kept]).sum() >= KNOWN * kept.sum()}
    for values in y.values():
        kept &= np.isfinite(values)
    if not y or kept.sum() < 2 * around.shape[1] + LEAST_PLACES:
        return
    x, goals = around[kept], np.column_stack([values[kept] for values in y.values()])
    scale = np.maximum(goals.std(axis=0), 1e-300)
    past = _missed(x[:, : reach + 1], goals) / scale
    whole = _missed(x, goals) / scale
    for at, name in enumerate(y):
        if min(past[at], whole[at]) > least[name]:
            continue
        single = np.abs(correlations(goals[:, at], x[:, reach + 1 :])[0]).max()
        if 1 - single**2 > max(2 * whole[at] ** 2, 1e-9):
            yield Windowed(name, source, reach, float(whole[at]), float(past[at]), int(kept.sum()))


def _recurs(
    series: Series,
    places: Array,
    reach: int,
    columns: dict[str, Array],
    name: str,
    least: float,
) -> bool:
    """Tell whether a share of the column's row before and a source's past give it.

    The same mean from the end of the series is given by more than all of the row before.
    """
    own = series.around(columns[name], places, np.array([-1, 0]))
    for source, values in columns.items():
        if source == name:
            continue
        past = series.around(values, places, np.arange(-reach, 1))
        kept = np.isfinite(own).all(axis=1) & np.isfinite(past).all(axis=1)
        x, goal = np.column_stack([own[kept, :1], past[kept]]), own[kept, 1:]
        if kept.sum() < 2 * x.shape[1] + LEAST_PLACES or goal.std() == 0:
            continue
        weights, missed = _fitted(x, goal)
        if abs(weights[0, 0]) < x[:, 0].std() and missed[0] <= RECURSIVE * least * goal.std():
            return True
    return False


def _is_of_lags(
    series: Series, places: Array, columns: dict[str, Array], item: Windowed, least: float
) -> bool:
    """Tell whether the past of the source gives it, with that of the columns it is a lag of."""
    steps = np.arange(-item.reach, 1)
    ahead = series.around(columns[item.source], places, np.arange(1, item.reach + 1))
    lagged = [
        name
        for name, x in columns.items()
        if name not in (item.name, item.source)
        and (ahead == x[places, None]).mean(axis=0).max() >= KNOWN
    ]
    pasts = [series.around(columns[n], places, steps) for n in (item.source, *lagged)]
    x, goal = np.column_stack(pasts), columns[item.name][places, None]
    kept = np.isfinite(np.column_stack([x, goal])).all(axis=1)
    x, goal = np.unique(x[kept], axis=1), goal[kept]
    if not lagged or len(x) < 2 * x.shape[1] + LEAST_PLACES:
        return False
    return bool(_missed(x, goal)[0] <= RECURSIVE * least * goal.std())


def _missed(x: Array, goals: Array) -> Array:
    """Return the root mean squares `(G,)` of what `x` `(P, S)` leaves of `(P, G)` out of sample."""
    return _fitted(x, goals)[1]


def _fitted(x: Array, goals: Array) -> tuple[Array, Array]:
    """Return weights `(S, G)` of `x` `(P, S)` in deviations, and what they leave out of sample."""
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    x = np.column_stack([np.ones(len(x)), x])
    weights = np.linalg.lstsq(x[::2], goals[::2], rcond=1e-11)[0]
    left = goals[1::2] - x[1::2] @ weights
    return weights[1:], np.asarray(np.sqrt((left**2).mean(axis=0)))
