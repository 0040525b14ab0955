"""The reported metric for one level of one column at a time."""

from typing import Any

import numpy as np

from ninefold.columns import Array, Column, Frame, is_missing
from ninefold.errors import ConfigError, nearest
from ninefold.evaluation import EvaluateSpec
from ninefold.evaluation.bootstrap import Clusters, estimate, replicates
from ninefold.evaluation.metrics import Metric
from ninefold.evaluation.part import Part
from ninefold.target import Cut

FEW_LEVELS = 12
MAX_COLUMNS = 8
MAX_LEVELS = 30
RANGES = 4
REPLICATES = 300
MISSING, OTHER = "(missing)", "(other)"


def slice_table(
    part: Part,
    drawn: Clusters,
    reported: Metric,
    overall: float,
    threshold: Cut,
    spec: EvaluateSpec,
) -> list[dict[str, Any]]:
    """Return one entry per slice, with the metric's interval.

    `is_small` marks slices with fewer than `spec.min_slice_rows` rows, `is_worse` those whose
    whole interval is worse than the metric over all rows.
    """
    table = []
    for name in slice_columns(part.frame, spec):
        levels = level_names(part.frame, name)
        for level in _ordered(levels):
            rows = np.flatnonzero(levels == level)
            found = _estimate(part, rows, drawn, reported, threshold, spec)
            edge = found["high"] if reported.higher_is_better else found["low"]
            is_small = len(rows) < spec.min_slice_rows
            is_worse = edge is not None and not is_small and reported.is_better(overall, edge)
            table.append(
                {
                    "column": name,
                    "level": level,
                    "rows": len(rows),
                    **found,
                    "is_small": is_small,
                    "is_worse": is_worse,
                }
            )
    return table


def slice_columns(frame: Frame, spec: EvaluateSpec) -> list[str]:
    """Return the columns asked for, or the first with few levels. Raises `ConfigError`."""
    names = [column.name for column in frame.columns]
    if spec.slices is None:
        candidates = [
            column for column in frame.having("input", "derived") if _has_few(frame, column)
        ]
        return [column.name for column in candidates][:MAX_COLUMNS]
    for position, name in enumerate(spec.slices):
        if name not in names:
            raise ConfigError(
                f"params.yaml: evaluate.slices.{position} must be a column, however: "
                f"{name!r}{nearest(name, names)}"
            )
    return list(spec.slices)


def _has_few(frame: Frame, column: Column) -> bool:
    if "target" in column.roles or column.kind not in ("category", "bool"):
        return False
    return 2 <= len(np.unique(frame[column.name])) <= FEW_LEVELS


def level_names(frame: Frame, name: str) -> Array:
    """Return each row's level `(N,)` as text: categories, quarters of a range, or missing.

    Beyond 30 levels the rarer ones are one level, "(other)".
    """
    kind, values = frame.column(name).kind, frame[name]
    missing = is_missing(kind, values)
    if kind == "bool":
        names = np.where(values, "true", "false").astype(object)
    elif kind in ("category", "text"):
        names = values.astype(object)
    elif len(np.unique(values[~missing])) <= FEW_LEVELS and kind == "number":
        names = np.asarray([f"{value:g}" for value in values], dtype=object)
    else:
        names = _ranges(values, missing, kind == "datetime")
    names = np.where(missing, MISSING, names).astype(object)
    levels, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    if len(levels) > MAX_LEVELS:
        frequent = np.argsort(-counts, kind="stable")[: MAX_LEVELS - 1]
        levels = np.where(np.isin(np.arange(len(levels)), frequent), levels, OTHER)
        names = levels.astype(object)[inverse]
    return names


def _ranges(values: Array, missing: Array, is_time: bool) -> Array:
    """Return the quarter of the range each value lies in, named so that names sort in order."""
    known = values[~missing]
    shares = np.linspace(0, 1, RANGES + 1)
    edges = np.unique(np.quantile(known, shares, method="nearest")) if len(known) else known
    inner = edges[1:-1]
    code = np.searchsorted(inner, values, side="right")
    texts = [str(np.datetime64(int(e), "us"))[:10] if is_time else f"{e:g}" for e in edges]
    last = max(len(edges) - 2, 0)
    names = [
        f"{i + 1}: {texts[i]} to {texts[min(i + 1, len(texts) - 1)]}" if texts else ""
        for i in range(last + 1)
    ]
    return np.asarray(names, dtype=object)[code]


def _ordered(levels: Array) -> list[str]:
    def key(name: str) -> tuple[bool, float, str]:
        try:
            return name in (MISSING, OTHER), float(name), name
        except ValueError:
            return name in (MISSING, OTHER), float("inf"), name

    return sorted(set(levels.tolist()), key=key)


def _estimate(
    part: Part,
    rows: Array,
    drawn: Clusters,
    reported: Metric,
    threshold: Cut,
    spec: EvaluateSpec,
) -> dict[str, Any]:
    y, prediction = part.y[rows], part.prediction[rows]
    statistic = reported.prepare(y, prediction, threshold)
    count = min(spec.bootstrap, REPLICATES)
    values = replicates([statistic], drawn.take(rows), count, spec.seed)[:, 0]
    value = statistic(np.ones(len(rows)))
    return estimate(value, values, spec.confidence, reported.undefined(y))
