"""What the rows most like a row say of its label."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._contradicted import DENIED
from ninefold.leakage.case import Case

NEIGHBOURS = 20
PASSES, MAJORITY = 2, 0.6
"""Rounds in which labels that neighbours deny are set right for the next vote, and the vote of
another label that sets them right."""


@dataclass(frozen=True)
class Voters:
    """The nearest rows `(M, NEIGHBOURS)` of some rows, as positions among these."""

    near: Array

    @staticmethod
    def of(case: Case, use: Array) -> "Voters | None":
        """Return the voters of the rows `use` `(M,)` of a case; None if it has no columns."""
        from sklearn.neighbors import NearestNeighbors

        records = Records.of(case)
        if not records.code.shape[1]:
            return None
        nearest = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute")
        return Voters(nearest.fit(records.space[use]).kneighbors()[1])

    def votes(self, label: Array, count: int | None = None) -> Array:
        """Return the share `(M, K)` of each label of `(M,)` among the neighbours, of `count`."""
        codes = range(count or int(label.max()) + 1)
        return np.stack([(label[self.near] == k).mean(axis=1) for k in codes], axis=1)

    def cleaned(self, label: Array) -> Array:
        """Return the votes `(M, K)` of labels that were set right where all neighbours say so.

        Wrong labels vote too: with one in ten flipped, hardly any row has nine tenths of the votes.
        """
        clean, rows, count = label, np.arange(len(label)), int(label.max()) + 1
        for _ in range(PASSES):
            votes = self.votes(clean, count)
            denied = (votes[rows, label] <= DENIED) & (votes.max(axis=1) >= MAJORITY)
            clean = np.where(denied, votes.argmax(axis=1), label)
        return self.votes(clean, count)
