"""Split by content: a row stays in its part however the table grows."""

from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.splitting.base import TEST, TRAIN, VALID, Assignment, Plan, Rows, SplitterSpec
from ninefold.splitting.identity import combine
from ninefold.splitting.shuffle import spread_folds


class StableSplitSpec(SplitterSpec):
    """What a row's inputs hold (with `problem.group`: who it is of) decides its part, by a hash.
    Rows that come later move none, so that a champion never learnt from what a challenger is
    compared with it on; shares are met on average. For tables that grow and are trained on again.
    """

    kind: Literal["stable"] = "stable"

    @property
    def like(self) -> str:
        return "random"

    @property
    def chains_entities(self) -> bool:
        return False

    def assign(self, rows: Rows) -> Assignment:
        key = rows.content if rows.entity is None else rows.entity
        _, first, unit = np.unique(rows.unit, return_index=True, return_inverse=True)
        seed = np.full(len(first), self.seed, dtype=np.uint64)
        hashes = combine([key[first], _occurrence(key[first]).astype(np.uint64), seed])
        place = hashes.astype(np.float64) / 2.0**64
        part = np.full(len(first), TRAIN)
        part[place < self.test_size + self.valid_size] = VALID
        part[place < self.test_size] = TEST
        return Assignment(part[unit])

    def fold(self, rows: Rows) -> Plan:
        fold = spread_folds(rows.unit, rows.stratum, self.folds, self.seed + 1)
        return Plan(fold, "partition")


def _occurrence(keys: Array) -> Array:
    """Return how often each key `(U,)` stood before: units that coincide are told apart."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    counts = np.empty(len(keys), dtype=np.int64)
    counts[order] = np.arange(len(keys)) - np.repeat(starts, np.diff(np.r_[starts, len(keys)]))
    return counts
