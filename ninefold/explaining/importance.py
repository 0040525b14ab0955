"""Permutation importance: how much worse the metric gets when columns say nothing.

Breiman, Random Forests, 2001; columns that go together are shuffled together. Intervals are over
bootstrap resamples of the rows, the same for the model with and without the columns.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.evaluation.bootstrap import Clusters, interval, replicates
from ninefold.evaluation.metrics import Metric
from ninefold.explaining.groups import Groups
from ninefold.target import Cut

Predict = Callable[[Frame], Array]
DRAWS, CONFIDENCE = 200, 0.95


def importance(
    predict: Predict,
    rows: Frame,
    y: Array,
    reported: Metric,
    threshold: Cut,
    groups: Groups,
    drawn: Clusters,
    repeats: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the groups, the most important first: columns, and the loss with its interval.

    Args:
        predict: raw rows -> probabilities `(N, K)` or values `(N,)`.
        rows: what to explain by, as the model takes them.
        y: their targets `(N,)`.
        reported: the metric that may get worse.
        threshold: from which probability on the label is the positive class.
        groups: columns to shuffle as one.
        drawn: rows that are resampled together.
        repeats: shuffles per group.
        seed: of shuffles and resamples.
    """
    sign = 1.0 if reported.higher_is_better else -1.0
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(rows)) for _ in range(repeats)]
    statistics = [reported.prepare(y, predict(rows), threshold)]
    for group in groups:
        for order in orders:
            changed = predict(shuffled(rows, group, order))
            statistics.append(reported.prepare(y, changed, threshold))
    ones = np.ones(len(rows))
    now = np.array([statistic(ones) for statistic in statistics])
    draws = replicates(statistics, drawn, DRAWS, seed)
    found = []
    for position, group in enumerate(groups):
        own = slice(1 + position * repeats, 1 + (position + 1) * repeats)
        loss = sign * (now[0] - now[own].mean())
        low, high = interval(sign * (draws[:, 0] - draws[:, own].mean(axis=1)), CONFIDENCE)
        found.append({"columns": list(group), "value": float(loss), "low": low, "high": high})
    return sorted(found, key=lambda item: (-_number(item["value"]), item["columns"]))


def shuffled(rows: Frame, names: tuple[str, ...], order: Array) -> Frame:
    """Return the rows with the values of some columns taken from the rows at `order` `(N,)`."""
    data = {name: rows[name][order] if name in names else rows[name] for name in rows.data}
    return Frame(rows.columns, data, rows.row)


def _number(value: float) -> float:
    return value if value == value else -np.inf
