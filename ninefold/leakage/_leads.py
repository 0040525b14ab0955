"""By how much a row's nearest other row is nearer than the next one."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records

LEADS, BLOCK = 3, 2000
"""Copies of one row that are looked for: the gap may come after the first, second or third."""


@dataclass(frozen=True)
class Leads:
    """Rows `(Q,)`, those that may be near to each, the nearest first (-1: none), `(Q, K)`, and the
    gaps `(Q, LEADS + 1)`.

    A gap is how much nearer a row's k-th nearest is than the next, in powers of ten.
    """

    rows: Array
    near: Array
    gaps: Array

    @staticmethod
    def of(records: Records, rows: Array, pool: Array) -> "Leads":
        """Return the leads of rows `(Q,)` among those of a pool `(M,)`.

        Without rows that equal one of the pool: no disguise.
        """
        parts = [_leads(records, rows[i : i + BLOCK], pool) for i in range(0, len(rows), BLOCK)]
        return Leads(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    @property
    def partner(self) -> Array:
        """The nearest row `(Q,)`."""
        return np.asarray(self.near[:, 0])

    @property
    def farther(self) -> Array:
        """One farther off `(Q,)`."""
        return np.asarray(self.near[:, LEADS])

    @property
    def usual(self) -> float:
        """The median lead; where most rows have a copy, that of the next one over the third.

        Of ordered distances the second lead is half of the first, whatever the table.
        """
        return float(min(np.median(self.gaps[:, 0]), 2 * np.median(self.gaps[:, 1])))

    def beyond(self, lead: float, leads: int) -> Array:
        """Return the mask `(Q,)` of rows whose nearest, or nearest few, lead by more."""
        return np.asarray(self.gaps[:, :leads].max(axis=1) > lead)

    def take(self, kept: Array) -> "Leads":
        """Return those of a mask `(Q,)`."""
        return Leads(self.rows[kept], self.near[kept], self.gaps[kept])


def _leads(records: Records, rows: Array, pool: Array) -> tuple[Array, ...]:
    others = records.candidates(rows, pool)
    is_none, others = others < 0, np.maximum(others, 0)
    total = records.evidence(rows, others).sum(axis=2)
    total[is_none] = 0.0
    equal = (records.exact[rows][:, None] == records.exact[others]) & ~is_none
    order = np.argsort(-total, axis=1, kind="stable")
    near = np.take_along_axis(np.where(is_none, -1, others), order, axis=1)
    top = np.take_along_axis(total, order[:, : LEADS + 2], axis=1)
    kept = ~equal.any(axis=1)
    return rows[kept], near[kept], (top[:, :-1] - top[:, 1:])[kept]
