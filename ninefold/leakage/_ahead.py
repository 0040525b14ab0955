"""Statistics of a column against the target's past, present and future in one series."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._series import Series
from ninefold.leakage.chance import SURE, log10_arrangements

ANCHORS = 1500
"""Rows at which a column is compared with the target around it."""
EXACT = 0.98
"""Share explained by the future from which the column was computed from it."""
STRONG = 0.5
"""Share explained by the future from which it deserves a question."""
MIN_PAIRS = 30
MOVES = 9
"""Moves of a column along its series that its tie to the future is held against."""
KEPT, MANY_KEPT = 3, 20
"""Rows over which values are kept in the mean, and how many different ones there must be."""
OWN_FUTURE = 12
"""Rows ahead that are looked at beside the column's own past."""
GROWTH = 20.0
"""Largest over median size of the target around a row from which rows are weighted."""


@dataclass(frozen=True)
class Shift:
    """A column that repeats the order of the target `step` rows later."""

    step: int
    correlation: float
    best_of_past: float


def ranks(values: Array) -> Array:
    """Return ranks in (0, 1) `(M,)`, ties averaged, NaN kept."""
    from scipy.stats import rankdata

    known = np.isfinite(values)
    out = np.full(len(values), np.nan)
    out[known] = rankdata(values[known]) / (known.sum() + 1)
    return out


def correlations(x: Array, around: Array) -> tuple[Array, Array]:
    """Return Pearson's r `(S,)` of `x` `(P,)` with each column of `around` `(P, S)`, and pairs.

    Pairs with NaN do not count; r is 0 where either side is constant or has few pairs.
    """
    both = np.isfinite(around) & np.isfinite(x)[:, None]
    count = both.sum(axis=0)
    n = np.maximum(count, 1)
    a = np.where(both, np.nan_to_num(x)[:, None], 0.0)
    b = np.where(both, np.nan_to_num(around), 0.0)
    a -= np.where(both, a.sum(axis=0) / n, 0.0)
    b -= np.where(both, b.sum(axis=0) / n, 0.0)
    size = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    enough = (count >= MIN_PAIRS) & (size > 1e-12 * n)
    return np.where(enough, (a * b).sum(axis=0) / np.where(enough, size, 1.0), 0.0), count


def shifted(series: Series, x: Array, y: Array, seed: int) -> Shift | None:
    """Find the step at which ranks `x` `(M,)` equal ranks `y` `(M,)` of later rows, if any.

    The miss (1 - |r|) must be a fiftieth of what the present and all of the past leave: a smooth
    series resembles its neighbours, and only a copy resembles one of them that much more. Of a few
    rows of a rare class some step puts all at one place by chance.
    """
    first, last = series.bounds
    reach = int(min(60, (last - first).max()))
    if reach < 1:
        return None
    places = series.inner(0, ANCHORS, seed)
    steps = np.arange(-reach, reach + 1)
    around = series.around(y, places, steps)
    r, _ = correlations(x[places], around)
    miss = 1 - np.abs(r)
    future, past = steps > 0, steps <= 0
    at = int(np.flatnonzero(future)[miss[future].argmin()])
    if miss[at] > 0.02 or miss[at] > 0.02 * miss[past].min() + 1e-12:
        return None
    met = around[np.isfinite(around[:, at]) & np.isfinite(x[places]), at]
    if np.log10(len(steps)) - log10_arrangements(np.unique(met, return_counts=True)[1]) > SURE:
        return None
    return Shift(int(steps[at]), float(r[at]), float(1 - miss[past].min()))


@dataclass(frozen=True)
class Share:
    """What is left of a column after the past, and how much of that something else explains."""

    explained: float
    """Adjusted for the number of terms; 0 where nothing is left to explain."""
    rows: int
    f: float
    """F of the added terms."""


def share(x: Array, known: Array, added: Array) -> Share:
    """Return how much of `x` `(P,)` given `known` `(P, a)` the terms `added` `(P, b)` explain.

    Rows with NaN anywhere do not count.
    """
    kept = np.isfinite(x) & np.isfinite(known).all(axis=1) & np.isfinite(added).all(axis=1)
    x, known, added = x[kept], known[kept], added[kept]
    if len(x) < 1.5 * (known.shape[1] + 1 + added.shape[1]) + 20 or np.ptp(x) == 0:
        return Share(0.0, len(x), 0.0)
    rests = _rest(x, known), _rest(x, np.column_stack([known, added]))
    return _share(x, *rests, known.shape[1] + 1, added.shape[1])


def _share(x: Array, before: float, after: float, a: int, b: int) -> Share:
    """Return the share that `b` terms explain of what `a` leave: the rests before and after."""
    n, total = len(x), float(np.var(x)) * len(x)
    if n < 1.5 * (a + b) + 20 or np.ptp(x) == 0:
        return Share(0.0, n, 0.0)
    if before <= 1e-9 * total or before <= n * unit(x) ** 2 / 4:
        return Share(0.0, n, 0.0)
    after = max(after, 1e-12 * total)
    explained = 1 - (after / (n - a - b)) / (before / (n - a))
    return Share(max(0.0, explained), n, float((before - after) / b / (after / (n - a - b))))


def _centred(terms: Array) -> Array:
    centred = terms - terms.mean(axis=0)
    size = centred.std(axis=0)
    return np.asarray(centred[:, size > 0] / size[size > 0])


def _rest(x: Array, terms: Array) -> float:
    """Return the residual sum of squares of `x` `(P,)` on `terms` `(P, a)` with an intercept."""
    centred = _centred(terms)
    target = x - x.mean()
    fitted = centred @ np.linalg.lstsq(centred, target, rcond=1e-10)[0]
    return float(((target - fitted) ** 2).sum())


def unit(x: Array) -> float:
    """Return the unit that numbers `(P,)` are rounded to: 1, .1 … 1e-6, or 0."""
    for digits in range(7):
        near = 10.0 ** -(digits + 4)
        if all(np.abs(some - np.round(some, digits)).max() <= near for some in (x[:20], x)):
            return float(10.0**-digits)
    return 0.0


@dataclass(frozen=True)
class Influence:
    """How far the target's present and future explain a column given its past."""

    future: Share
    """Given the target's past and present."""
    own: Share
    """The same, given the column's own past too."""
    placebo: float
    """The largest `own` share after the column was moved along the series."""
    future_placebo: float
    """The largest `future` share then: smooth series explain each other."""
    reach: int


@dataclass(frozen=True)
class Surroundings:
    """The target around some rows of a series: what columns are compared with.

    Shapes: `places` `(P,)`, `weight` `(P, 1)`, `until_now` `(P, a)` with the trend and the target's
    past and present, `future` `(P, reach)`.
    """

    series: Series
    reach: int
    places: Array
    weight: Array
    until_now: Array
    future: Array

    @property
    def own(self) -> int:
        """Rows of the column's own past that are looked at."""
        return min(self.reach, 8)

    @cached_property
    def bases(self) -> tuple[Array, Array] | None:
        """Orthonormal columns `(P, r)` that span the terms until now, and with the future.

        None if some are missing: then every column has its own rows.
        """
        every = np.column_stack([self.until_now, self.future])
        if not np.isfinite(every).all():
            return None
        return _basis(self.until_now), _basis(every)

    @cached_property
    def next_left(self) -> Array:
        """What the terms until now leave of the next rows `(P, b)`, if none is missing."""
        assert self.bases is not None
        return _left(_centred(self.future[:, :OWN_FUTURE]), self.bases[0])

    def without_own(self, values: Array) -> Share:
        """Return what the future explains of `values` `(M,)` given the target until now."""
        x = values[self.places] * self.weight[:, 0]
        if self.bases is None or not np.isfinite(x).all():
            return share(x, self.until_now, self.future)
        rests = [float((_left(x - x.mean(), basis) ** 2).sum()) for basis in self.bases]
        return _share(x, rests[0], rests[1], self.until_now.shape[1] + 1, self.reach)

    def with_own(self, values: Array) -> Share:
        """Return what it explains given the column's own past too."""
        x = values[self.places] * self.weight[:, 0]
        before = self.series.around(values, self.places, np.arange(-self.own, 0)) * self.weight
        future = self.future[:, :OWN_FUTURE]
        if self.bases is None or not (np.isfinite(x).all() and np.isfinite(before).all()):
            return share(x, np.column_stack([self.until_now, before]), future)
        left = _left(x - x.mean(), self.bases[0])
        past = _left(_centred(before), self.bases[0])
        rests = [_rest(left, terms) for terms in (past, np.hstack([past, self.next_left]))]
        known = self.until_now.shape[1] + before.shape[1] + 1
        return _share(x, rests[0], rests[1], known, future.shape[1])


def stretches_of(series: Series, x: Array) -> Array | None:
    """Return the mask `(M,)` of the rows in which values that are kept over rows change, or None.

    None where `x` `(M,)` has few values, as a weekday, or is not kept.
    """
    begins = np.zeros(len(x), dtype=bool)
    same = series.entity[1:] == series.entity[:-1]
    begins[1:] = same & (x[1:] != x[:-1]) & np.isfinite(x[1:]) & np.isfinite(x[:-1])
    is_kept = 0 < begins.sum() <= same.sum() / KEPT
    return begins if is_kept and len(np.unique(x[begins])) >= MANY_KEPT else None


def surroundings(
    series: Series, y: Array, seed: int, among: Array | None = None
) -> Surroundings | None:
    """Return the target `(M,)` before, at and after some rows; None if the series is too short.

    among: mask `(M,)` of the rows to choose from, all by default.
    """
    first, last = series.bounds
    length = float(np.median(last - first + 1))
    for reach in (30, 20, 12, 8, 5, 3, 2, 1):
        places = series.inner(reach, ANCHORS, seed, among)
        if length >= 2 * reach + 1 and len(places) >= 1.5 * (2 * reach + min(reach, 8) + 3) + 40:
            break
    else:
        return None
    around = series.around(y, places, np.arange(-reach, reach + 1))
    weight, clock = _weights(around), _clock(places, len(series))
    until_now = np.column_stack([np.ones(len(places)), clock, around[:, : reach + 1]]) * weight
    return Surroundings(series, reach, places, weight, until_now, around[:, reach + 1 :] * weight)


def looks(series: Series, y: Array, seed: int) -> list[Surroundings]:
    """Return the target around some rows, and around some of its larger half where it differs
    manyfold: among small entities the noise of a column may hide what it says of large ones.
    """
    every = surroundings(series, y, seed)
    if every is None or (every.weight == 1).all():
        return [] if every is None else [every]
    size = np.abs(y)
    larger = surroundings(series, y, seed, size >= np.median(size))
    return [every] if larger is None else [every, larger]


def influence(of: Surroundings, x: Array, seed: int) -> Influence:
    """Regress a column `(M,)` on the target before, at and after each row."""
    moves = np.random.default_rng(seed).integers(len(x) // 5, len(x) - len(x) // 5, MOVES)

    def placebo(found: Share, of_moved: Callable[[Array], Share], least: float) -> float:
        if found.explained <= least:
            return 0.0
        return float(np.max([of_moved(np.roll(x, int(m))).explained for m in moves]))

    ahead, own = of.without_own(x), of.with_own(x)
    return Influence(
        future=ahead,
        own=own,
        placebo=placebo(own, of.with_own, STRONG / 2),
        future_placebo=placebo(ahead, of.without_own, EXACT),
        reach=of.reach,
    )


def _basis(terms: Array) -> Array:
    """Return orthonormal columns that span the terms, each centred."""
    u, size, _ = np.linalg.svd(_centred(terms), full_matrices=False)
    return np.asarray(u[:, size > 1e-10 * size[0]]) if len(size) else u


def _left(x: Array, basis: Array) -> Array:
    """Return what is left of `x` `(P, ...)` beside a basis `(P, r)`."""
    return np.asarray(x - basis @ (basis.T @ x))


def _weights(around: Array) -> Array:
    """Return weights `(P, 1)` of rows: 1, or the inverse of the target's size if it grows manyfold.

    A straight line holds for weighted rows as well, and the last rows do not decide alone.
    """
    size = np.abs(np.nan_to_num(around)).mean(axis=1)
    middle = float(np.median(size))
    if middle == 0 or size.max() <= GROWTH * middle:
        return np.ones((len(around), 1))
    return np.asarray(1 / np.maximum(size, 1e-3 * middle))[:, None]


def _clock(places: Array, length: int) -> Array:
    """Return a linear and a quadratic trend `(P, 2)`."""
    t = places / max(length, 1) - 0.5
    return np.column_stack([t, t * t])
