"""How close two rows are: the chance that two random rows agree so well, column by column."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case
from ninefold.splitting.identity import combine, hash_values

NEIGHBOURS, TWINS = 8, 3
"""Candidates from a neighbour search, and from each block of columns that agree exactly."""
BLOCKS = 3
APART = 0.1
"""Share of rows in between from which two rows are far from each other in a column."""
LEVEL_AXES = 3
"""Axes on which the levels of a category are spread for the neighbour search."""


@dataclass(frozen=True)
class Records:
    """The rows of a case column by column, ready to be compared.

    Shapes: `rank` `(N, C)` in 0..1, NaN in a category or where missing; `code` `(N, C)` equal where
    values are; `share` `(N, C)` of rows with the same value; `gap` `(N, C)` where missing; `exact`
    `(N,)` is a hash of the row as it is written.
    """

    rank: Array
    code: Array
    share: Array
    gap: Array
    exact: Array

    @staticmethod
    def of(case: Case) -> "Records":
        from scipy.stats import rankdata

        ranks, codes, shares, gaps = [], [], [], []
        for name in case.inputs:
            kind = case.frame.column(name).kind
            code = case.spoken[name]
            size = np.bincount(code)
            if len(size) < 2:
                continue
            rank = np.full(len(case), np.nan)
            present = ~case.is_missing(name)
            if kind in ("number", "datetime"):
                rank[present] = rankdata(case.frame[name][present]) / len(case)
            gaps.append(~present)
            ranks.append(rank)
            codes.append(code)
            shares.append(size[code] / len(case))
        if not codes:
            none = np.zeros((len(case), 0))
            return Records(
                none, none.astype(np.int64), none, none > 0, np.zeros(len(case), dtype=np.uint64)
            )
        exact = combine([case.hashes[name] for name in case.inputs])
        rank, code, share, gap = (np.column_stack(each) for each in (ranks, codes, shares, gaps))
        return Records(rank, code, share, gap, exact)

    @cached_property
    def space(self) -> Array:
        """float32 `(N, D)`: ranks, and random points for levels and gaps."""
        rng = np.random.default_rng(0)
        axes = []
        for rank, code in zip(self.rank.T, self.code.T, strict=True):
            if np.isfinite(rank).any():
                axes.append(np.where(np.isfinite(rank), rank, -0.3)[:, None])
            else:
                levels = rng.normal(size=(code.max() + 1, LEVEL_AXES))
                levels *= 0.5 / np.sqrt((levels**2).sum(axis=1, keepdims=True))
                axes.append(levels[code])
        return np.asarray(np.concatenate(axes, axis=1), dtype=np.float32)

    def evidence(self, rows: Array, others: Array) -> Array:
        """Return -log10 of the chance to agree so well in each column, `(Q, K, C)`.

        Shapes: `rows` `(Q,)`, `others` `(Q, K)`. Equal values count by their rarity (Fellegi and
        Sunter 1969), numbers by the share of rows in between, twice; other values count nothing.
        """
        equal = self.code[rows][:, None] == self.code[others]
        apart = 2 * np.abs(self.rank[rows][:, None] - self.rank[others])
        apart = np.where(np.isfinite(apart), apart, 1.0)
        chance = np.where(equal, self.share[rows][:, None], apart)
        return np.asarray(-np.log10(np.clip(chance, 1 / len(self.code), 1.0)))

    def between(self, rows: Array, others: Array) -> Array:
        """Return the share of rows that lie strictly between two rows in each column, `(Q, C)`.

        1 where categories differ, 0 where values are equal.
        """
        apart = np.abs(self.rank[rows] - self.rank[others])
        apart -= (self.share[rows] + self.share[others]) / 2
        apart = np.where(np.isfinite(apart), np.maximum(apart, 0.0), 1.0)
        return np.where(self.code[rows] == self.code[others], 0.0, apart)

    def differing(self, rows: Array, others: Array) -> Array:
        """Return the mask `(Q, <= C)` of columns in which two rows are far from each other.

        Without columns that name each row. A cell that one of them lacks may have been emptied.
        """
        differ = (self.between(rows, others) > APART) & ~(self.gap[rows] | self.gap[others])
        names_rows = (self.share.mean(axis=0) < 2 / len(self.code)) & (differ.mean(axis=0) > 0.5)
        return np.asarray(differ[:, ~names_rows])

    def candidates(self, rows: Array, pool: Array) -> Array:
        """Return rows of `pool` `(M,)` perhaps close to `rows` `(Q,)`: `(Q, K)`, -1 for none."""
        from sklearn.neighbors import NearestNeighbors

        count = min(NEIGHBOURS + 1, len(pool))
        near = NearestNeighbors(n_neighbors=count, algorithm="brute").fit(self.space[pool])
        found = [pool[near.kneighbors(self.space[rows], return_distance=False)]]
        found += [self._twins(block, rows, pool) for block in self._blocks()]
        chosen = np.concatenate(found, axis=1)
        chosen[chosen == rows[:, None]] = -1
        chosen = np.sort(chosen, axis=1)
        chosen[:, 1:][chosen[:, 1:] == chosen[:, :-1]] = -1
        return chosen

    def _blocks(self) -> list[Array]:
        """Return blocks of columns, the most telling ones dealt out evenly."""
        order = np.argsort(self.share.mean(axis=0), kind="stable")
        return [order[i::BLOCKS] for i in range(min(BLOCKS, len(order)))]

    def _twins(self, block: Array, rows: Array, pool: Array) -> Array:
        """Return up to `TWINS` rows of `pool` that equal each row in a block of columns."""
        key = combine([hash_values("datetime", self.code[:, c]) for c in block])
        order = pool[np.argsort(key[pool], kind="stable")]
        start = np.searchsorted(key[order], key[rows])
        place = start[:, None] + np.arange(TWINS + 1)
        twin = order[np.minimum(place, len(order) - 1)]
        fits = (place < len(order)) & (key[twin] == key[rows][:, None])
        return np.where(fits, twin, -1)
