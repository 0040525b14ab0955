"""How far a number could be off: bootstrap over rows, groups or blocks of time.

Efron & Tibshirani, An Introduction to the Bootstrap, 1993 (percentile intervals); rows that belong
together are drawn together, since otherwise the intervals come out too narrow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import NAT, Array, Frame, is_missing
from ninefold.durations import DAY_US
from ninefold.evaluation.metrics import Statistic
from ninefold.problem import ProblemSpec

MIN_DAYS = 20
MIN_CLUSTERS = 2
BUDGET = 25_000_000
"""Drawn rows in all, beyond which the replicates are cut, down to `FEWEST`."""
FEWEST = 200


@dataclass(frozen=True)
class Clusters:
    """Which rows are drawn together: `index` `(N,)` holds each row's cluster, 0 to `count` - 1."""

    index: Array
    count: int
    unit: str

    def take(self, rows: Array) -> "Clusters":
        """Return the clusters of the rows at `rows` (a mask or positions)."""
        left, index = np.unique(self.index[rows], return_inverse=True)
        return Clusters(index, len(left), self.unit)


def clusters(frame: Frame, problem: ProblemSpec) -> Clusters:
    """Return the problem's groups, else blocks of its time (days, or runs of rows), else rows."""
    names = {column.name for column in frame.columns}
    groups = [name for name in problem.group if name in names]
    if groups:
        return _compact(_group_codes(frame, groups), "group")
    if problem.time in names and problem.time is not None:
        return _time_blocks(frame, problem.time)
    return Clusters(np.arange(len(frame)), len(frame), "row")


def _group_codes(frame: Frame, names: Sequence[str]) -> Array:
    codes = np.zeros(len(frame), dtype=np.int64)
    for name in names:
        _, inner = np.unique(frame[name], return_inverse=True)
        codes = np.unique(codes * (inner.max(initial=0) + 1) + inner, return_inverse=True)[1]
    return codes


def _time_blocks(frame: Frame, name: str) -> Clusters:
    kind, values = frame.column(name).kind, frame[name]
    if kind == "datetime":
        days = np.where(values == NAT, NAT, values // DAY_US)
        if len(np.unique(days)) >= MIN_DAYS:
            return _compact(days, "day")
    order = np.argsort(values, kind="stable")
    order = np.concatenate(
        [order[~is_missing(kind, values[order])], order[is_missing(kind, values[order])]]
    )
    block = np.empty(len(frame), dtype=np.int64)
    length = max(1, round(len(frame) ** (1 / 3)))
    block[order] = np.arange(len(frame)) // length
    return _compact(block, f"{length} rows in a row" if length > 1 else "row")


def _compact(codes: Array, unit: str) -> Clusters:
    found, index = np.unique(codes, return_inverse=True)
    return Clusters(index, len(found), unit)


def replicates(statistics: Sequence[Statistic], drawn: Clusters, count: int, seed: int) -> Array:
    """Return `(B, S)`: every statistic on every resample, all on the same ones.

    B is `count`, or less where so many rows would take minutes; 0 if there are too few clusters.
    """
    rows = len(drawn.index)
    if drawn.count < MIN_CLUSTERS:
        return np.empty((0, len(statistics)))
    count = min(count, max(FEWEST, BUDGET // rows))
    random = np.random.default_rng(seed)
    values = np.empty((count, len(statistics)))
    for replicate in range(count):
        draws = random.integers(0, drawn.count, drawn.count)
        weight = np.bincount(draws, minlength=drawn.count).astype(np.float64)[drawn.index]
        values[replicate] = [statistic(weight) for statistic in statistics]
    return values


def interval(values: Array, confidence: float) -> tuple[float | None, float | None]:
    """Return the percentile interval of replicates `(B,)`; None, None if most are undefined."""
    defined = values[np.isfinite(values)]
    if len(values) == 0 or len(defined) < len(values) / 2:
        return None, None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def estimate(
    value: float, values: Array, confidence: float, reason: str | None = None
) -> dict[str, Any]:
    """Return `{"value", "low", "high"}`, with a `reason` where there is no value."""
    if value != value:
        said = {"reason": reason or "the predictions are not finite"}
        return {"value": None, "low": None, "high": None, **said}
    low, high = interval(values, confidence)
    return {"value": value, "low": low, "high": high}
