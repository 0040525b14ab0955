"""Rows on the straight line between two others: the trace that SMOTE leaves."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution

NEIGHBOURS = 32
STRAIGHT = 1e-3
"""1 + cosine of the angle between two neighbours, seen from a row, to look closer."""
UNLIKELY = -9.0
"""log10 of the chance that a row lies between two others so exactly; over a row's pairs."""
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


def independent(x: Array) -> Array:
    """Return the positions of columns of `x` `(N, F)` that no straight line of others gives."""
    from scipy.linalg import qr

    centred = x - x.mean(axis=0)
    centred = centred / np.maximum(centred.std(axis=0), 1e-300)
    _, r, order = qr(centred, mode="economic", pivoting=True)
    kept = np.abs(np.diag(r)) > 1e-4 * np.sqrt(len(x))
    return np.sort(order[: len(kept)][kept])


def between(x: Array, queries: Array) -> Triples:
    """Return the rows of `x` `(N, F)` among `queries` that lie between two near rows.

    Neighbours are sought in units of the columns' spread and in the columns' own units, as people
    oversample either. For each pair of neighbours on opposite sides: were the row's numbers spread
    evenly between those of the two, how likely would all of them meet the straight line to the
    digit they are written in?
    """
    from sklearn.neighbors import NearestNeighbors

    steps = np.array([max(resolution(column), 1e-8 * column.std()) for column in x.T])
    spread = np.maximum(x.std(axis=0), 1e-300)
    scaled = (x - x.mean(axis=0)) / spread
    count = min(NEIGHBOURS + 1, len(x))
    found: dict[int, tuple[float, int, int, float]] = {}
    for space in (scaled, scaled * (spread / spread.max())):
        space = space.astype(np.float32)
        near = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(space)
        for start in range(0, len(queries), BLOCK):
            rows = queries[start : start + BLOCK]
            ids = near.kneighbors(space[rows], return_distance=False)
            for row, best in _straight(x, scaled, steps, rows, ids):
                found[row] = min(best, found.get(row, best))
    table = np.array([(row, *best) for row, best in sorted(found.items())]).reshape(-1, 5)
    middle, first, second = (table[:, i].astype(np.int64) for i in (0, 2, 3))
    return Triples(middle, first, second, table[:, 4])


def _straight(
    x: Array, scaled: Array, steps: Array, rows: Array, ids: Array
) -> Iterator[tuple[int, tuple[float, int, int, float]]]:
    """Yield each row that lies between two, with (log10 chance, first, second, way)."""
    arrow = scaled[ids] - scaled[rows][:, None]
    length = np.sqrt((arrow**2).sum(axis=2))
    arrow = arrow / np.where(length > 0, length, np.inf)[:, :, None]
    cosine = arrow @ arrow.transpose(0, 2, 1)
    at, i, j = np.nonzero((cosine < -1 + STRAIGHT) & _upper(ids.shape[1]))
    a, b, middle = ids[at, i], ids[at, j], rows[at]
    way = length[at, i] / (length[at, i] + length[at, j])
    span = np.abs(x[b] - x[a])
    off = np.abs(x[a] + way[:, None] * (x[b] - x[a]) - x[middle])
    fits = (off <= 1.5 * steps).all(axis=1) & (way > MIDDLE) & (way < 1 - MIDDLE)
    told = np.log10(np.minimum(1.0, 3 * steps / np.maximum(span, 3 * steps)))
    chance = told.sum(axis=1) - told.min(axis=1) + 2 * np.log10(ids.shape[1])
    fits &= chance <= UNLIKELY
    for k in np.flatnonzero(fits):
        yield int(middle[k]), (float(chance[k]), int(a[k]), int(b[k]), float(way[k]))


def _upper(count: int) -> Array:
    return np.triu(np.ones((count, count), dtype=bool), 1)
