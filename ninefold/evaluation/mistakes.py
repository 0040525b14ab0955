"""The worst answers on test pictures and sequences: what to look at first."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.part import Part
from ninefold.head import Head
from ninefold.tensor_cells import TENSOR_KINDS

MOST = 12


def worst_pictures(part: Part, head: Head) -> list[dict[str, Any]]:
    """Return for each column of tensors the rows answered wrong most surely, or by farthest."""
    columns = [column for column in part.frame.columns if column.is_tensor]
    if not columns:
        return []
    said: list[tuple[str, str, float | None]]
    if head.each:
        error = np.abs(part.prediction - part.y) / head.target.unit
        rows = np.argsort(-error.mean(axis=1), kind="stable")[:MOST]
        said = [(_several(part.y[i]), _several(part.prediction[i]), None) for i in rows]
    elif head.target.task == "regression":
        error = np.abs(part.prediction - part.y)
        rows = np.argsort(-error, kind="stable")[:MOST]
        said = [(f"{part.y[i]:.4g}", f"{part.prediction[i]:.4g}", None) for i in rows]
    else:
        labels, classes = head.labels(part.prediction), head.target.classes
        sure = part.prediction[np.arange(len(part)), labels]
        wrong = np.flatnonzero(labels != part.y)
        rows = wrong[np.argsort(-sure[wrong], kind="stable")][:MOST]
        said = [(classes[part.y[i]], classes[labels[i]], float(sure[i])) for i in rows]
    return [
        {
            "column": column.name,
            "rows": [
                {
                    "row": int(part.frame.row[i]),
                    "actual": actual,
                    "predicted": predicted,
                    "probability": probability,
                    "picture": TENSOR_KINDS[column.kind].thumbnail(part.frame[column.name][i]),
                }
                for i, (actual, predicted, probability) in zip(rows, said, strict=True)
            ],
        }
        for column in columns
    ]


def _several(values: Array) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
