"""Rows on the straight line between two others: the trace that SMOTE leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution

NEIGHBOURS = 32
STRAIGHT = 0.05
"""1 + cosine of the angle between two neighbours, seen from a row, to look closer."""
SLACKS = (0.5, 1.0)
"""Steps by which rounding moves a row off the line: its own, or that of all three."""
CUTS = (-9.0, -7.5, -6.0, -5.0, -4.0, -3.0, -2.0)
"""log10 of the chance that a row lies between two others so exactly; over a row's pairs. Rows of
columns that are parts of one size, as those of a diamond, reach the weaker ones far oftener than
rows moved off them do."""
MOVES, MOVED, FINE = 4, (3, 5), 0.05
"""Moves that rows are held against, by how many steps, and step over span of the columns they are
moved in."""
UNLIKELY, FALSE = -6.0, 0.2
"""log10 of the chance that rows lie between others oftener than moved ones, and how often those
may, in shares."""
WIDER, STAYS = 3.0, 0.6
"""Times the rounding that rows off the line are allowed too, and the share of the rows between two
others that must then lie there already: of columns that follow from each other fewer do."""
BLOCK = 512
MIDDLE = 0.02
"""A row nearer to an end than this share of the way says little."""


@dataclass(frozen=True)
class Triples:
    """Rows `middle` `(M,)` that lie between the rows `first` and `second` `(M,)`.

    `way` `(M,)` is where: 0 at the first, 1 at the second.
    """

    middle: Array
    first: Array
    second: Array
    way: Array

    def take(self, kept: Array) -> "Triples":
        """Return those of a mask `(M,)`."""
        return Triples(self.middle[kept], self.first[kept], self.second[kept], self.way[kept])


def independent(x: Array) -> Array:
    """Return the positions of columns of `x` `(N, F)` that no straight line of others gives."""
    from scipy.linalg import qr

    centred = x - x.mean(axis=0)
    centred = centred / np.maximum(centred.std(axis=0), 1e-300)
    _, r, order = qr(centred, mode="economic", pivoting=True)
    kept = np.abs(np.diag(r)) > 1e-4 * np.sqrt(len(x))
    return np.sort(order[: len(kept)][kept])


def between(x: Array, queries: Array, seed: int) -> Triples:
    """Return the rows of `x` `(N, F)` among `queries` that lie between two near rows.

    Neighbours are sought in units of the columns' spread and in the columns' own units, as people
    oversample either. For each pair of neighbours on opposite sides: were the row's numbers spread
    evenly between those of the two, how likely would all of them meet the straight line to the
    digit they are written in? Rows moved by a few digits tell how often rows of this table do.
    """
    found = _met(x, queries, seed)
    return max(map(_beyond_chance, found), key=lambda triples: len(triples.middle))


def steps_of(x: Array) -> Array:
    """Return the step `(N, F)` that each number is written in: of 12.5 it is .1, of 300 it is 100.

    No finer than its column `(N,)` is written, and no coarser than the number itself.
    """
    out = np.empty(x.shape)
    for at, column in enumerate(x.T):
        step = 10.0 ** np.ceil(np.log10(resolution(column)) - 1e-6)
        digits = np.rint(column / step)
        zeros = np.zeros(len(column))
        ends = digits != 0
        while ends.any():
            ends &= digits % 10 == 0
            zeros[ends] += 1
            digits = np.where(ends, digits / 10, digits)
        out[:, at] = step * 10.0**zeros
    return out


def _beyond_chance(met: "_Met") -> Triples:
    """Return the triples that outnumber those of moved rows."""
    from scipy.stats import nbinom

    best, moved = met.best, met.moved[0]
    kept = np.zeros(len(best), dtype=bool)
    for cut in CUTS:
        hits = best[:, 1] <= cut
        false = int((moved <= cut).sum())
        # Of counts with an unknown common mean, the one given the other is negative binomial.
        chance = nbinom.logsf(hits.sum() - 1, false + 1, MOVES / (MOVES + 1)) / np.log(10)
        if chance <= UNLIKELY and false <= FALSE * MOVES * hits.sum():
            wide = (met.near <= cut).sum() - (met.moved[1] <= cut).sum() / MOVES
            kept = hits if hits.sum() - false / MOVES >= STAYS * wide else kept
    table = best[kept]
    middle, first, second = (table[:, i].astype(np.int64) for i in (0, 2, 3))
    return Triples(middle, first, second, table[:, 4])


def _met(x: Array, queries: Array, seed: int) -> "list[_Met]":
    """Return for each slack how exactly the queries, and moved ones, lie between neighbours."""
    from sklearn.neighbors import NearestNeighbors

    steps = steps_of(x)
    spread = np.maximum(x.std(axis=0), 1e-300)
    scaled = (x - x.mean(axis=0)) / spread
    count = min(NEIGHBOURS + 1, len(x))
    met = [_Met(queries) for _ in SLACKS]
    rng = np.random.default_rng(seed)
    for space in (scaled, scaled * (spread / spread.max())):
        space = space.astype(np.float32)
        near = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(space)
        for start in range(0, len(queries), BLOCK):
            rows = queries[start : start + BLOCK]
            ids = near.kneighbors(space[rows], return_distance=False)
            for at, first, second in _opposite(scaled, rows, ids):
                for slack, found in zip(SLACKS, met, strict=True):
                    pairs = _Pairs(x, steps, slack, rows[at], first, second)
                    some = pairs.may_meet(x[rows[at]], 2 * np.log10(count))
                    pairs = _Pairs(x, steps, slack, rows[at[some]], first[some], second[some])
                    values = x[rows[at[some]]]
                    found.add(start + at[some], pairs, values, 2 * np.log10(count), rng)
    return met


class _Met:
    """The least likely pair of each query: `best` `(Q, 5)` and the chances of others.

    Columns of `best`: the row, log10 of the chance, the first, the second, the way. `near` `(Q,)`
    holds the chances of rows that may lie farther off, `moved` `(2, M, Q)` both for moved rows.
    """

    def __init__(self, queries: Array) -> None:
        self.best = np.zeros((len(queries), 5))
        self.best[:, 0] = queries
        self.near = np.zeros(len(queries))
        self.moved = np.zeros((2, MOVES, len(queries)))

    def add(
        self, at: Array, pairs: "_Pairs", values: Array, tried: float, rng: np.random.Generator
    ) -> None:
        """Keep what of the pairs of the queries `at` `(P,)`, with `values` `(P, F)`, is new."""
        chance, way = pairs.chance(values, tried)
        order = np.argsort(chance, kind="stable")
        rows, place = np.unique(at[order], return_index=True)
        some = order[place]
        better = chance[some] < self.best[rows, 1]
        rows, some = rows[better], some[better]
        found = chance[some], pairs.first[some], pairs.second[some], way[some]
        self.best[rows, 1:] = np.column_stack(found)
        np.minimum.at(self.near, at, pairs.chance(values, tried, WIDER)[0])
        for number in range(MOVES):
            away = pairs.moved(values, rng)
            for moved, wider in zip(self.moved, (1.0, WIDER), strict=True):
                np.minimum.at(moved[number], at, pairs.chance(away, tried, wider)[0])


def _opposite(scaled: Array, rows: Array, ids: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Yield places among `rows` and pairs of their neighbours `ids` on opposite sides."""
    arrow = scaled[ids] - scaled[rows][:, None]
    length = np.sqrt((arrow**2).sum(axis=2))
    arrow = arrow / np.where(length > 0, length, np.inf)[:, :, None]
    cosine = arrow @ arrow.transpose(0, 2, 1)
    at, i, j = np.nonzero((cosine < -1 + STRAIGHT) & _upper(ids.shape[1]))
    for some in np.array_split(np.arange(len(at)), max(1, len(at) // 20_000)):
        yield at[some], ids[at[some], i[some]], ids[at[some], j[some]]


class _Pairs:
    """Pairs of rows `first` and `second` `(P,)`, and how exactly a row lies between them."""

    def __init__(
        self, x: Array, steps: Array, slack: float, rows: Array, first: Array, second: Array
    ) -> None:
        self.first, self.second = first, second
        self._start, self._way = x[first], x[second] - x[first]
        self._step = steps[rows]
        self._near = slack * self._step * (1 + 1e-6)
        span = np.abs(self._way)
        wide = 2 * self._near / np.where(span > 0, span, np.inf)
        wide = np.minimum(1.0, np.where(span > 0, wide, 1.0))
        self._is_fine = wide <= FINE
        least = wide.min(axis=1, keepdims=True)
        told = np.log10(np.minimum(1.0, wide + least))
        self._told = told.sum(axis=1) - told.min(axis=1)

    def chance(self, values: Array, tried: float, wider: float = 1.0) -> tuple[Array, Array]:
        """Return log10 of the chance `(P,)`, 0 off the line, and where on the way it stands.

        Of so many pairs `tried`, log10, for each row, which may lie so many times farther off.
        """
        meets, way = self._meets(values, wider * self._near)
        meets &= (way > MIDDLE) & (way < 1 - MIDDLE)
        return np.where(meets, np.minimum(self._told + tried, 0.0), 0.0), way

    def may_meet(self, values: Array, tried: float) -> Array:
        """Return the mask `(P,)` of pairs that rows, or rows moved from them, could lie between."""
        some = np.flatnonzero(self._told + tried < 0)
        mask = np.zeros(len(values), dtype=bool)
        near = WIDER * self._near + np.where(self._is_fine, MOVED[1] * self._step, 0.0)
        mask[some] = self._meets(values, near, some)[0]
        return mask

    def _meets(self, values: Array, near: Array, some: Any = ...) -> tuple[Array, Array]:
        """Tell whether some point of the way is as `near` in every column `(P, F)`, and where."""
        slope, near = self._way[some], near[some]
        away = values[some] - self._start[some]
        moves = slope != 0
        slope = np.where(moves, slope, 1.0)
        ends = (away - near) / slope, (away + near) / slope
        low = np.where(moves, np.minimum(*ends), -np.inf).max(axis=1)
        high = np.where(moves, np.maximum(*ends), np.inf).min(axis=1)
        stays = (moves | (np.abs(away) <= near)).all(axis=1)
        return (low <= high) & stays, (low + high) / 2

    def moved(self, values: Array, rng: np.random.Generator) -> Array:
        """Return the rows `(P, F)` a few digits away, in columns where that is near."""
        sign = rng.integers(0, 2, values.shape) * 2 - 1
        by = np.where(self._is_fine, sign * rng.integers(MOVED[0], MOVED[1] + 1, values.shape), 0)
        return np.asarray(values + by * self._step)


def _upper(count: int) -> Array:
    return np.triu(np.ones((count, count), dtype=bool), 1)
