"""Split into contiguous blocks, for rows that resemble their neighbours but forecast nothing."""

from typing import Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.errors import ConfigError, InputError
from ninefold.problem import ProblemSpec
from ninefold.splitting.base import (
    NONE,
    TEST,
    TRAIN,
    VALID,
    Assignment,
    Glance,
    Plan,
    Rows,
    SplitterSpec,
)
from ninefold.splitting.time import Gap, boundaries, is_known, length, stretch

BORDER = 0.05
"""Share of a block that is left out at its borders where nothing else is said."""


class BlockedSplitSpec(SplitterSpec):
    """Whole stretches of `problem.time` (or of the file) go to the parts, by lot.

    Next to a stretch of another part, rows of the earlier-named part (train before valid before
    test) are left out, so that no row has its neighbour on the other side. Folds are stretches too.
    Train rows lie after test rows: where `problem.time` is given, the leakage audit says so (warn).
    """

    kind: Literal["blocked"] = "blocked"
    blocks: int = Field(20, ge=6, le=1000)
    """Stretches to cut the rows into."""
    gap: Gap = None
    """Left out at a border: a number of rows or a duration (12h). Default: problem.horizon, else
    a twentieth of a stretch."""

    @property
    def keeps_entities_together(self) -> bool:
        return False

    @property
    def places_rows(self) -> bool:
        return True

    @property
    def like(self) -> str:
        return "group"

    def resolve(
        self, problem: ProblemSpec, glance: Glance | None = None
    ) -> tuple[SplitterSpec, str]:
        if problem.group:
            raise ConfigError(
                "params.yaml: split.kind must be one that keeps entities whole (group, "
                "stratified_group, group_time), because problem.group is given, however: blocked"
            )
        what = problem.time or "the order of the file"
        return self, f"whole stretches of {what}: neighbours resemble each other"

    def assign(self, rows: Rows) -> Assignment:
        order = _order(rows)
        known = is_known(order)
        shares = tuple(np.arange(1, self.blocks) / self.blocks)
        cuts = boundaries(order[known], shares)
        if len(cuts) + 1 < 6:
            raise InputError(
                f"`{rows.problem.time}` must hold at least six moments to be cut into blocks, "
                f"however: {len(np.unique(order[known]))}. Split by another kind"
            )
        block = stretch(order, cuts)
        part = np.where(known, self._lots(len(cuts) + 1)[block], NONE)
        at, gap = self._scale(order, rows)
        dropped = np.zeros(len(rows), dtype=bool)
        for code, above in ((TRAIN, (VALID, TEST)), (VALID, (TEST,))):
            dropped |= (part == code) & _is_near(at, np.sort(at[np.isin(part, above)]), gap)
        part[dropped] = NONE
        reasons = {"missing_time": ~known, "border": dropped}
        return Assignment(part, reasons, {"blocks": len(cuts) + 1, "gap": self._gap(rows)})

    def _lots(self, count: int) -> Array:
        """Return the part `(count,)` of each block."""
        tests = max(1, round(self.test_size * count))
        valids = max(1, round(self.valid_size * count))
        lots = np.full(count, TRAIN)
        drawn = np.random.default_rng(self.seed).permutation(count)
        lots[drawn[:tests]], lots[drawn[tests : tests + valids]] = TEST, VALID
        return lots

    def fold(self, rows: Rows) -> Plan:
        order = _order(rows)
        cuts = boundaries(order, tuple(np.arange(1, self.folds) / self.folds))
        block = stretch(order, cuts)
        at, gap = self._scale(order, rows)
        return Plan(block.astype(np.int64), "purged", at, at + gap)

    def _gap(self, rows: Rows) -> float | str:
        if self.gap is not None:
            return self.gap
        if rows.problem.horizon is not None and rows.time is not None:
            return rows.problem.horizon
        return max(1, round(BORDER * len(rows) / self.blocks))

    def _scale(self, order: Array, rows: Rows) -> tuple[Array, float]:
        """Return where each row stands `(N,)` float64, and the gap on the same scale."""
        gap, problem = self._gap(rows), rows.problem
        if self.gap is None and problem.horizon is not None and rows.time is not None:
            return order.astype(np.float64), length(gap, order, problem, "problem.horizon")
        if not isinstance(gap, str):
            rank = np.empty(len(order))
            rank[np.argsort(order, kind="stable")] = np.arange(len(order))
            return rank, float(gap)
        if rows.time is None:
            raise ConfigError(
                "params.yaml: split.gap must be a number of rows, because no date orders them, "
                f"however: {gap!r}"
            )
        return order.astype(np.float64), length(gap, order, problem, "split.gap")


def _order(rows: Rows) -> Array:
    return rows.time if rows.time is not None else rows.position


def _is_near(at: Array, others: Array, gap: float) -> Array:
    """Return the mask `(N,)` of places within `gap` of any of the sorted `others`."""
    if not len(others) or gap == 0:
        return np.zeros(len(at), dtype=bool)
    low = np.searchsorted(others, at - gap, side="left")
    return np.asarray(np.searchsorted(others, at + gap, side="right") > low)
