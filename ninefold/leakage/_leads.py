"""By how much a row's nearest other row is nearer than the next one."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records

LEADS, BLOCK = 3, 2000
"""Copies of one row that are looked for: the gap may come after the first, second or third."""


@dataclass(frozen=True)
class Leads:
    """Rows `(Q,)`, their nearest `(Q,)`, one farther off `(Q,)`, and the gaps `(Q, LEADS + 1)`.

    A gap is how much nearer a row's k-th nearest is than the next, in powers of ten.
    """

    rows: Array
    partner: Array
    farther: Array
    gaps: Array

    @staticmethod
    def of(records: Records, rows: Array, pool: Array) -> "Leads":
        """Return the leads of rows `(Q,)` among those of a pool `(M,)`.

        Without rows that equal one of the pool: no disguise.
        """
        parts = [_leads(records, rows[i : i + BLOCK], pool) for i in range(0, len(rows), BLOCK)]
        return Leads(*(np.concatenate(column) for column in zip(*parts, strict=True)))

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
        return Leads(self.rows[kept], self.partner[kept], self.farther[kept], self.gaps[kept])


def _leads(records: Records, rows: Array, pool: Array) -> tuple[Array, ...]:
    others = records.candidates(rows, pool)
    is_none, others = others < 0, np.maximum(others, 0)
    total = records.evidence(rows, others).sum(axis=2)
    total[is_none] = 0.0
    equal = (records.exact[rows][:, None] == records.exact[others]) & ~is_none
    order = np.argsort(-total, axis=1, kind="stable")[:, : LEADS + 2]
    top = np.take_along_axis(total, order, axis=1)
    near = np.take_along_axis(others, order, axis=1)
    kept = ~equal.any(axis=1)
    return rows[kept], near[kept, 0], near[kept, LEADS], (top[:, :-1] - top[:, 1:])[kept]
