"""Shuffled split."""

from typing import Literal

import numpy as np

from ninefold.splitting.base import Assignment, Plan, Rows, SplitterSpec
from ninefold.splitting.shuffle import divide, give_train_every_class, spread_folds


class RandomSplitSpec(SplitterSpec):
    """Rows go to parts and folds at random; identical rows and entities stay whole."""

    kind: Literal["random"] = "random"

    def assign(self, rows: Rows) -> Assignment:
        flat = np.zeros(len(rows), dtype=np.int64)
        part = divide(rows.unit, flat, self.valid_size, self.test_size, self.seed)
        if rows.problem.task == "classification":
            part, moves = give_train_every_class(part, rows.unit, rows.stratum)
            return Assignment(part, notes={"moved_to_train_for_their_class": moves})
        return Assignment(part)

    def fold(self, rows: Rows) -> Plan:
        flat = np.zeros(len(rows), dtype=np.int64)
        return Plan(spread_folds(rows.unit, flat, self.folds, self.seed + 1), "partition")
