"""Which rows are the same: hashes of contents, and the units that must stay together."""

import hashlib

import numpy as np

from ninefold.columns import TENSORS, Array, Frame, Kind, class_names
from ninefold.problem import ProblemSpec
from ninefold.tensor_cells import TENSOR_KINDS

MIX_1, MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
STEP = np.uint64(0x9E3779B97F4A7C15)
SAMPLE = 200_000
"""Rows on which coincidence by chance is judged."""


def hash_values(kind: Kind, values: Array) -> Array:
    """Return uint64 hashes `(N,)`; equal values (and missing ones) hash alike on any machine."""
    from pandas.util import hash_array

    if kind in TENSORS:
        return TENSOR_KINDS[kind].cell_hashes(values)
    if kind in ("category", "text"):
        return np.asarray(hash_array(values.astype(object), categorize=True))
    if kind == "number":
        plain = values.astype(np.float64) + 0.0
        plain[np.isnan(plain)] = np.nan
        return _mix(plain.view(np.uint64))
    return _mix(values.astype(np.int64).view(np.uint64))


def _mix(bits: Array) -> Array:
    """Spread bits (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * MIX_2
    return np.asarray(bits ^ (bits >> np.uint64(31)))


def combine(hashes: list[Array]) -> Array:
    """Return one hash `(N,)` per row from those of its columns, which must not be empty."""
    total = np.zeros(len(hashes[0]), dtype=np.uint64)
    for column in hashes:
        total = _mix((total + STEP) ^ column)
    return total


def hash_rows(frame: Frame, names: list[str]) -> Array:
    """Return a hash `(N,)` of the named columns, read row by row."""
    return combine([hash_values(frame.column(name).kind, frame[name]) for name in names])


def features_of(frame: Frame, problem: ProblemSpec) -> list[str]:
    """Return the columns a model may learn from: known in time, neither target nor identifier."""
    return [
        column.name
        for column in frame.columns
        if column.roles & {"input", "derived"}
        and not column.roles & {"target", "id", "after"}
        and column.name not in (*problem.targets, *problem.ids)
        and not problem.is_after(column.name)
    ]


def class_codes(kind: Kind, values: Array) -> tuple[Array, list[str]]:
    """Return class codes `(N,)` int64 in sorted order of the class names, and those names."""
    from pandas import factorize

    codes, levels = factorize(values)
    names = [str(name) for name in class_names(kind, np.asarray(levels, dtype=values.dtype))]
    order = sorted(range(len(names)), key=names.__getitem__)
    place = np.empty(len(names), dtype=np.int64)
    place[order] = np.arange(len(names))
    return place[codes], [names[i] for i in order]


def digest(hashes: Array) -> str:
    """Return a SHA-256 over row hashes in order."""
    return hashlib.sha256(np.ascontiguousarray(hashes, dtype="<u8").tobytes()).hexdigest()


def has_twin(hashes: Array, pool: Array) -> Array:
    """Return the mask `(N,)` of rows that equal another row of the mask `pool` `(N,)`."""
    if not pool.any():
        return np.zeros(len(hashes), dtype=bool)
    known, count = np.unique(hashes[pool], return_counts=True)
    place = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    size = np.where(known[place] == hashes, count[place], 0)
    return np.asarray(size > pool)


def twin_share(hashes: Array) -> float:
    """Return the share of rows that have at least one equal."""
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    return float((counts[inverse] > 1).mean()) if len(hashes) else 0.0


def pairs_within(size: Array) -> int:
    """Return how many pairs of rows groups of these sizes `(G,)` hold."""
    return int((size * (size - 1) // 2).sum())


def chance_twin_share(columns: list[Array], seed: int = 0) -> tuple[float, float]:
    """Return the share of rows with a twin, as found and after shuffling each column by itself.

    Judged on at most `SAMPLE` rows. Shuffling keeps each column's values and breaks what ties them
    into one record, so the second number is what coincidence alone would give.
    """
    rng = np.random.default_rng(seed)
    count = len(columns[0])
    chosen = np.sort(rng.choice(count, SAMPLE, replace=False)) if count > SAMPLE else slice(None)
    part = [column[chosen] for column in columns]
    found = twin_share(combine(part))
    if found == 0:
        return 0.0, 0.0
    return found, twin_share(combine([rng.permutation(column) for column in part]))


def by_appearance(labels: Array) -> Array:
    """Number labels `(N,)` from 0 in the order in which they first appear.

    Lots drawn over these numbers stay the same when a new feature changes the rows' hashes.
    """
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.int64)
    place[np.argsort(first)] = np.arange(len(first))
    return place[inverse]


def linked(first: Array, second: Array) -> Array:
    """Return the unit `(N,)` of each row: rows are linked if either labelling says they are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, a = np.unique(first, return_inverse=True)
    _, b = np.unique(second, return_inverse=True)
    size = int(a.max()) + 1 + int(b.max()) + 1
    edges = coo_array((np.ones(len(a), dtype=np.int8), (a, b + a.max() + 1)), shape=(size, size))
    return np.asarray(connected_components(edges, directed=False)[1][a])
