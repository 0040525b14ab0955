"""Shuffled split with the same mix of the target in every part."""

from typing import Literal

from ninefold.splitting.base import Assignment, Plan, Rows, SplitterSpec
from ninefold.splitting.shuffle import (
    divide,
    give_parts_every_class,
    give_train_every_class,
    spread_folds,
)


class StratifiedSplitSpec(SplitterSpec):
    """Every part and fold has the same shares of the classes, or of the target's deciles."""

    kind: Literal["stratified"] = "stratified"

    def assign(self, rows: Rows) -> Assignment:
        part = divide(rows.unit, rows.stratum, self.valid_size, self.test_size, self.seed)
        if rows.problem.task != "classification":
            return Assignment(part)
        part, to_train = give_train_every_class(part, rows.unit, rows.stratum)
        part, from_train = give_parts_every_class(part, rows.unit, rows.stratum)
        return Assignment(part, notes={"moved_for_their_class": to_train + from_train})

    def fold(self, rows: Rows) -> Plan:
        fold = spread_folds(rows.unit, rows.stratum, self.folds, self.seed + 1)
        return Plan(fold, "partition")
