"""Rows that repeat another one but for a single cell, and rows alike with different labels."""

from collections.abc import Sequence

import numpy as np

from ninefold.columns import Array

DIGITS = 4
"""Numbers that agree in so many digits count as equal."""


def hashes(columns: Sequence[Array]) -> list[Array]:
    """Return a 64-bit hash `(N,)` of every column; numbers by their first digits, text as it is."""
    return [_mixed(_codes(values) + np.uint64(1 + 2**20 * i)) for i, values in enumerate(columns)]


def near_twins(columns: Sequence[Array]) -> Array:
    """Return the mask `(N,)` of rows that follow another one they share all but one cell with.

    Whole copies are not among them. Every column in turn is left out of a sum of hashes, so that
    time and memory grow with cells, not with pairs of rows.
    """
    found = np.zeros(len(columns[0]) if columns else 0, dtype=bool)
    if len(columns) < 3:
        return found
    each = hashes(columns)
    whole = np.asarray(np.sum(each, axis=0, dtype=np.uint64))
    copies = _repeats(whole)
    for own in each:
        found |= _repeats(_mixed(whole - own)) & ~copies
    return found


def conflicts(columns: Sequence[Array], labels: Array) -> Array:
    """Return the mask `(N,)` of rows whose cells recur with another label."""
    if not columns:
        return np.zeros(len(labels), dtype=bool)
    key = np.unique(np.sum(hashes(columns), axis=0, dtype=np.uint64), return_inverse=True)[1]
    label = _codes(labels).astype(np.int64)
    lowest = np.full(key.max(initial=0) + 1, np.iinfo(np.int64).max)
    highest = np.full(key.max(initial=0) + 1, -1)
    np.minimum.at(lowest, key, label)
    np.maximum.at(highest, key, label)
    return np.asarray((lowest != highest)[key])


def _repeats(keys: Array) -> Array:
    """Return the mask of keys that stand earlier already."""
    _, first = np.unique(keys, return_index=True)
    repeated = np.ones(len(keys), dtype=bool)
    repeated[first] = False
    return repeated


def _codes(values: Array) -> Array:
    """Number the distinct values; rounding makes numbers equal that differ in the last digits."""
    import pandas as pd

    if values.dtype.kind == "f":
        known = np.isfinite(values) & (values != 0)
        size = np.floor(np.log10(np.abs(np.where(known, values, 1.0))))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            unit = 10.0 ** (size - DIGITS + 1)
            rounded = np.round(values / np.where(unit > 0, unit, 1.0)) * unit
            values = np.where(known & (unit > 0), rounded, values).astype(np.float32)
        values = values + np.float32(0)
    return pd.factorize(values, use_na_sentinel=False)[0].astype(np.uint64)


def _mixed(values: Array) -> Array:
    """Scramble 64-bit integers (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(values ^ (values >> np.uint64(31)))
