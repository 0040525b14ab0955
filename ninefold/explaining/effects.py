"""What a column does to the answer: accumulated local effects, or the mean answer by level.

Numbers and dates: Apley & Zhu, Visualizing the effects of predictor variables, JRSS B 2020, which
asks the model only about rows near those it knows; levels: partial dependence (Friedman, 2001).
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, is_missing, spread
from ninefold.explaining.importance import Predict

BINS, LEVELS = 10, 8
LEVEL_ROWS = 200


def effects(
    answer: Predict,
    rows: Frame,
    groups: Iterable[Sequence[str]],
    most: int,
    hidden: Collection[str],
) -> list[dict[str, Any]]:
    """Return the effects of the first `most` columns that are not `hidden`, group after group.

    Dates of a group are moved together, by as much: one alone would leave what lies between them
    beyond all that was seen. They count as one column.
    """
    found, looked_at = list[dict[str, Any]](), 0
    for group in groups:
        dates = [name for name in group if rows.column(name).kind == "datetime"]
        dates.sort(key=lambda name: name in hidden)
        for name in [n for n in group if n not in hidden and n not in dates[1:]]:
            if looked_at == most:
                return found
            looked_at += 1
            beside = dates[1:] if name in dates else ()
            if (one := effect(answer, rows, name, beside)) is not None:
                found.append(one)
    return found


def effect(
    answer: Predict, rows: Frame, name: str, beside: Sequence[str] = ()
) -> dict[str, Any] | None:
    """Return how the answer depends on a column; None where it takes one value, or is no such kind.

    Args:
        answer: raw rows -> one number each `(N,)`.
        rows: rows to explain by.
        name: the column.
        beside: dates that are moved with it.
    """
    column = rows.column(name)
    if column.kind in ("number", "datetime"):
        return _local(answer, rows, name, beside)
    if column.kind in ("category", "bool"):
        return _levels(answer, rows, name)
    return None


def _local(answer: Predict, rows: Frame, name: str, beside: Sequence[str]) -> dict[str, Any] | None:
    values = rows[name]
    known = ~is_missing(rows.column(name).kind, values)
    if rows.column(name).kind == "number":
        known &= np.isfinite(values)
    inside = rows.take(known)
    edges = np.unique(np.quantile(inside[name], np.linspace(0, 1, BINS + 1), method="nearest"))
    if len(edges) < 2:
        return None
    bins = np.clip(np.searchsorted(edges, inside[name], side="left") - 1, 0, len(edges) - 2)
    low, high = (answer(_moved(inside, name, edges[bins + side], beside)) for side in (0, 1))
    counts = np.bincount(bins, minlength=len(edges) - 1)
    steps = np.bincount(bins, weights=high - low, minlength=len(edges) - 1) / np.maximum(counts, 1)
    heights = np.concatenate([[0.0], np.cumsum(steps)])
    middles = (heights[1:] + heights[:-1]) / 2
    heights = heights - (middles * counts).sum() / counts.sum()
    points = [{"x": x.item(), "y": float(y)} for x, y in zip(edges, heights, strict=True)]
    told = {"column": name, "kind": rows.column(name).kind, "points": points}
    return {**told, "moved_with": list(beside)} if beside else told


def _levels(answer: Predict, rows: Frame, name: str) -> dict[str, Any] | None:
    few = rows.take(spread(len(rows), LEVEL_ROWS))
    found, counts = np.unique(rows[name], return_counts=True)
    top = found[np.argsort(-counts, kind="stable")][:LEVELS]
    if len(top) < 2:
        return None
    means = [float(answer(_set(few, name, np.full(len(few), level))).mean()) for level in top]
    shares = counts[np.argsort(-counts, kind="stable")][:LEVELS] / counts.sum()
    middle = float(np.average(means, weights=shares))
    points = [
        {"x": _text(level), "y": mean - middle} for level, mean in zip(top, means, strict=True)
    ]
    return {"column": name, "kind": rows.column(name).kind, "points": points}


def _text(level: Any) -> str:
    if isinstance(level, (bool, np.bool_)):
        return "true" if level else "false"
    return str(level) or "(missing)"


def _moved(rows: Frame, name: str, values: Array, beside: Sequence[str]) -> Frame:
    """Return the rows with other values in a column, and the dates `beside` it as far away."""
    by, moved = values - rows[name], _set(rows, name, values)
    for other in beside:
        gone = is_missing("datetime", rows[other])
        moved = _set(moved, other, np.where(gone, rows[other], rows[other] + by))
    return moved


def _set(rows: Frame, name: str, values: Array) -> Frame:
    return rows.with_column(rows.column(name), values.astype(rows[name].dtype))
