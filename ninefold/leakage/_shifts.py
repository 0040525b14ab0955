"""Columns that are each other one row later: the shape of tables cut from a series in windows."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._series import Series

Edges = dict[int, int]
"""Column a -> column b: a row's value of a is the next row's value of b."""

MOST, PAIRS, ROWS = 100, 400, 200
"""Columns that are compared, neighbouring rows that are, and rows whose values are sought."""
HOLDS, BY_CHANCE, STAYS = 0.95, 0.2, 0.8
"""Least share of neighbours that agree; largest share with rows shuffled, and with no shift."""
MANY, CONTAINED, TOGETHER = 0.3, 0.5, 0.5
"""Least share of distinct values, of values found in another column, of rows that shift alike."""
MIN_ROWS, MIN_DISTINCT, MIN_VALUES = 30, 10, 20
SIDE_BY_SIDE = 8
"""Columns that another holds a row later, side by side, which make windows without longer chains.
"""
COMMON = 400
"""Cells that may hold a value for it to be looked up where rare ones are missing."""


def edges_in_order(cells: Array, series: Series, seed: int) -> Edges:
    """Return which columns of `(N, C)` hold another one's values of the row before.

    Held against the same rows shuffled, and against no shift: columns of few values agree anyway.
    """
    first = np.flatnonzero(series.entity[1:] == series.entity[:-1])
    first = first[:: max(1, len(first) // PAIRS)]
    if len(first) < MIN_ROWS:
        return {}
    here, then = cells[series.index[first]], cells[series.index[first + 1]]
    mixed = np.random.default_rng(seed).permutation(then)
    scores = {}
    for a in range(cells.shape[1]):
        shares = _agreement(here[:, a], then)
        if shares[a] > STAYS:
            continue
        chance = _agreement(here[:, a], mixed)
        level = _agreement(here[:, a], here)
        for b in np.flatnonzero((shares >= HOLDS) & (chance <= BY_CHANCE) & (level <= STAYS)):
            scores[a, int(b)] = float(shares[b] - chance[b])
    return _chained(_one_to_one(scores), cells)


def _agreement(values: Array, others: Array) -> Array:
    """Return the share of rows of `others` `(P, C)` that equal `values` `(P,)`; 0 if few are."""
    there = np.isfinite(values)[:, None] & np.isfinite(others)
    count = there.sum(axis=0)
    equal = ((values[:, None] == others) & there).sum(axis=0)
    return np.asarray(np.where(count >= MIN_ROWS, equal / np.maximum(count, 1), 0.0))


def edges_by_value(cells: Array, seed: int) -> Edges:
    """Return the same edges for rows in any order, from values that return in other columns.

    A row's neighbour is the one that shares most of its cells, each in another column; all
    neighbours on the same side shift the same columns. Columns of rare values tell this best;
    those of commoner ones are tried where there are none.
    """
    for many, most in ((MANY, 4 * cells.shape[1]), (0.0, COMMON)):
        edges = _by_value(cells, _returning(cells, many), most, seed)
        if edges:
            return edges
    return {}


def _by_value(cells: Array, kept: list[int], most: int, seed: int) -> Edges:
    if len(kept) < 3:
        return {}
    some = cells[:, kept]
    pairs = _neighbours(some, most, seed)
    counts = Counter(edge for edges in pairs for edge in edges)
    if not counts:
        return {}
    anchor = max(counts, key=lambda edge: (counts[edge], (-edge[0], -edge[1])))
    alike = [edges for edges in pairs if anchor in edges]
    votes = Counter(edge for edges in alike for edge in edges)
    scores = {edge: n / len(alike) for edge, n in votes.items() if n >= TOGETHER * len(alike)}
    edges = _chained(_one_to_one(scores), some)
    return {kept[a]: kept[b] for a, b in edges.items()}


def _returning(cells: Array, many: float) -> list[int]:
    """Return the columns of many values half of which stand in another column too."""
    distinct, probes = {}, {}
    for a in range(cells.shape[1]):
        known = cells[np.isfinite(cells[:, a]), a]
        values = np.unique(known)
        if len(known) >= MIN_ROWS and len(values) >= max(MIN_VALUES, many * len(known)):
            distinct[a], probes[a] = values, values[:: max(1, len(values) // 60)]
    kept = set()
    for a, probe in probes.items():
        for b, values in distinct.items():
            if a == b:
                continue
            at = np.minimum(np.searchsorted(values, probe), len(values) - 1)
            if (values[at] == probe).mean() >= CONTAINED:
                kept |= {a, b}
    return sorted(kept)


def _neighbours(cells: Array, most: int, seed: int) -> list[set[tuple[int, int]]]:
    """Return, for some rows and each row that shares most cells with it, which cells these are."""
    count, width = cells.shape
    order = np.argsort(cells, axis=None, kind="stable")
    values = cells.ravel()[order]
    looked = min(ROWS, max(20, (2000 if most < COMMON else 600) // width), count)
    rows = np.random.default_rng(seed).choice(count, looked, replace=False)
    found = []
    for row in rows.tolist():
        shared: dict[int, set[tuple[int, int]]] = defaultdict(set)
        low = np.searchsorted(values, cells[row], side="left")
        high = np.searchsorted(values, cells[row], side="right")
        for a in range(width):
            if not np.isfinite(cells[row, a]) or high[a] - low[a] > most:
                continue
            for cell in order[low[a] : high[a]].tolist():
                other, b = divmod(cell, width)
                if other != row and a != b:
                    shared[other].add((a, b))
        best = max(map(_extent, shared.values()), default=0)
        found += [edges for edges in shared.values() if _extent(edges) == best >= 2]
    return found


def _extent(edges: set[tuple[int, int]]) -> int:
    """Return how many columns take part on the side that has fewer."""
    return min(len({a for a, _ in edges}), len({b for _, b in edges}))


def _one_to_one(scores: dict[tuple[int, int], float]) -> Edges:
    """Return the best edges, no column twice on a side."""
    edges: Edges = {}
    for a, b in sorted(scores, key=lambda edge: (-scores[edge], edge)):
        if a not in edges and b not in edges.values():
            edges[a] = b
    return edges


def _chained(edges: Edges, cells: Array) -> Edges:
    """Return the edges of chains of three columns and more, of two where windows overlap by half.

    Counters are no series.
    """
    edges = {a: b for a, b in edges.items() if _varies(cells[:, a] - cells[:, b])}
    found = chains(edges)
    least = 2 if sum(len(chain) == 2 for chain in found) >= SIDE_BY_SIDE else 3
    kept: Edges = {}
    for chain in found:
        if len(chain) >= least:
            kept |= dict(pairwise(chain))
    return kept


def chains(edges: Edges) -> list[list[int]]:
    """Return the columns of each chain, first to last; circles are none."""
    found = []
    for start in sorted(edges.keys() - set(edges.values())):
        chain = [start]
        while chain[-1] in edges:
            chain.append(edges[chain[-1]])
        found.append(chain)
    return found


def _varies(steps: Array) -> bool:
    known = steps[np.isfinite(steps)]
    return len(np.unique(np.round(known, 9))) >= MIN_DISTINCT
