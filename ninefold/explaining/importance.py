"""Permutation importance: how much worse the metric gets when columns say nothing.

Breiman, Random Forests, 2001; columns that go together are shuffled together. Intervals are over
bootstrap resamples of the rows, the same for the model with and without the columns.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.evaluation.bootstrap import Clusters, interval, replicates
from ninefold.evaluation.metrics import Metric
from ninefold.explaining.groups import Groups
from ninefold.target import Cut

Predict = Callable[[Frame], Array]
DRAWS, CONFIDENCE = 200, 0.95
INTERVALS = 40
"""Groups that get an interval, the most important: hundreds of columns would take minutes."""


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
    """Return the groups, the most important first: columns, and the loss, for the first `INTERVALS`
    of them with its interval.

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
    ones = np.ones(len(rows))
    whole = reported.prepare(y, predict(rows), threshold)
    now = whole(ones)
    shuffles = []
    for group in groups:
        changed = np.split(predict(shuffled(rows, group, orders)), repeats)
        shuffles.append([reported.prepare(y, part, threshold) for part in changed])
    losses = [sign * (now - float(np.mean([f(ones) for f in parts]))) for parts in shuffles]
    ranked = sorted(range(len(groups)), key=lambda i: (-_number(losses[i]), list(groups[i])))
    leading = ranked[:INTERVALS]
    statistics = [whole, *(one for i in leading for one in shuffles[i])]
    draws = replicates(statistics, drawn, DRAWS, seed)
    found = []
    for place, i in enumerate(ranked):
        item = {"columns": list(groups[i]), "value": losses[i], "low": None, "high": None}
        if place < len(leading):
            own = draws[:, 1 + place * repeats : 1 + (place + 1) * repeats]
            told = interval(sign * (draws[:, 0] - own.mean(axis=1)), CONFIDENCE)
            item["low"], item["high"] = told
        found.append(item)
    return found


def shuffled(rows: Frame, names: tuple[str, ...], orders: Sequence[Array]) -> Frame:
    """Return the rows once for each of `orders` `(N,)`, whose rows some columns' values are of."""
    as_is = np.tile(np.arange(len(rows)), len(orders))
    moved = np.concatenate(orders)
    data = {name: rows[name][moved if name in names else as_is] for name in rows.data}
    return Frame(rows.columns, data, rows.row[as_is])


def _number(value: float) -> float:
    return value if value == value else -np.inf
