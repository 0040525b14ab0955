"""Pictures and series people look at: some of each class, as small drawings in the report."""

from collections.abc import Collection
from typing import Any

import numpy as np

from ninefold.columns import Array, Column, Frame, class_names, spread
from ninefold.problem import ProblemSpec
from ninefold.tensor_cells import TENSOR_KINDS

MAX_CLASSES, PER_CLASS, TOGETHER = 12, 8, 24
SEED = 0


def galleries(train: Frame, problem: ProblemSpec, masked: Collection[str]) -> list[dict[str, Any]]:
    """Return for each column of tensors, but masked ones, drawings of train rows of each class."""
    groups = _groups(train, problem, masked)
    return [
        {
            "column": column.name,
            "kind": column.kind,
            "groups": [
                {
                    "label": label,
                    "rows": len(rows),
                    "pictures": [
                        TENSOR_KINDS[column.kind].thumbnail(cell)
                        for cell in train[column.name][_some(rows)]
                    ],
                }
                for label, rows in groups
            ],
        }
        for column in train.columns
        if column.is_tensor and column.name not in masked
    ]


def _groups(train: Frame, problem: ProblemSpec, masked: Collection[str]) -> list[tuple[str, Array]]:
    """Return label and rows of each frequent class; elsewhere all rows, in the target's order."""
    everything = np.arange(len(train))
    if not problem.learns_target or problem.target in masked:
        return [("", everything)]
    column: Column = train.column(problem.target)
    if problem.task == "regression":
        order = np.argsort(train[problem.target].astype(np.float64), kind="stable")
        return [(f"in the order of {problem.target}", order)]
    names = class_names(column.kind, train[problem.target])
    levels, counts = np.unique(names, return_counts=True)
    frequent = sorted(levels[np.argsort(-counts, kind="stable")[:MAX_CLASSES]].tolist())
    return [(str(level), np.flatnonzero(names == level)) for level in frequent]


def _some(rows: Array) -> Array:
    """Return a few of the rows, evenly spread; in their order."""
    most = PER_CLASS if len(rows) < 2 or (np.diff(rows) > 0).all() else TOGETHER
    return np.asarray(rows[spread(len(rows), most)])
