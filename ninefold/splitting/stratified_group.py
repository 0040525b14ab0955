"""Split by entity with the classes in proportion."""

from typing import Literal

import numpy as np

from ninefold.columns import Array
from ninefold.splitting.base import TEST, TRAIN, VALID, Assignment, Plan, Rows
from ninefold.splitting.group import GroupSplitSpec
from ninefold.splitting.shuffle import divide, give_train_every_class, spread_folds

MANY = 50_000
"""With more entities than these, lots alone keep the proportions."""


class StratifiedGroupSplitSpec(GroupSplitSpec):
    """Whole entities go to a part or fold, and every part has the same shares of the classes.

    The largest entity goes first, each to the part that lacks its classes most (the greedy of
    scikit-learn's StratifiedGroupKFold, for parts of unequal size).
    """

    kind: Literal["stratified_group"] = "stratified_group"  # type: ignore[assignment]

    @property
    def like(self) -> str:
        return "group"

    def assign(self, rows: Rows) -> Assignment:
        self.check_entities(rows)
        shares = np.array([1 - self.valid_size - self.test_size, self.valid_size, self.test_size])
        if len(np.unique(rows.unit)) > MANY:
            part = divide(rows.unit, rows.stratum, self.valid_size, self.test_size, self.seed)
        else:
            part = np.array([TRAIN, VALID, TEST])[_deal(rows, shares, self.seed)]
        if rows.problem.task != "classification":
            return Assignment(part)
        part, moves = give_train_every_class(part, rows.unit, rows.stratum)
        return Assignment(part, notes={"moved_for_their_class": moves})

    def fold(self, rows: Rows) -> Plan:
        if len(np.unique(rows.unit)) > MANY:
            fold = spread_folds(rows.unit, rows.stratum, self.folds, self.seed + 1)
        else:
            fold = _deal(rows, np.full(self.folds, 1 / self.folds), self.seed + 1)
        return Plan(fold, "partition")


def _deal(rows: Rows, shares: Array, seed: int) -> Array:
    """Return the pile `(N,)` int64 of each row: units whole, strata in proportion to `shares`.

    A unit goes where it lowers the chi-square distance between the strata's fill and the shares
    most.
    """
    _, unit = np.unique(rows.unit, return_inverse=True)
    _, level = np.unique(rows.stratum, return_inverse=True)
    levels = int(level.max()) + 1
    counts = np.bincount(unit * levels + level, minlength=(unit.max() + 1) * levels)
    table = counts.reshape(-1, levels).astype(np.float64)
    weight = table / table.sum(axis=0)
    tie = np.random.default_rng(seed).permutation(len(table))
    pile = np.empty(len(table), dtype=np.int64)
    filled = np.zeros((len(shares), levels))
    for number in np.lexsort((tie, -weight.sum(axis=1))).tolist():
        added = weight[number]
        cost = ((2 * (filled - shares[:, None]) + added) @ added) / shares
        pile[number] = cost.argmin()
        filled[pile[number]] += added
    return pile[unit]
