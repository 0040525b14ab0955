"""Do predicted quantiles keep their promise: what share of rows lies below each, and between."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.bootstrap import Clusters, estimate, replicates
from ninefold.evaluation.metrics import weighted_mean


def coverage(
    y: Array,
    spread: Array,
    quantiles: tuple[float, ...],
    drawn: Clusters,
    count: int,
    seed: int,
    confidence: float,
) -> dict[str, Any]:
    """Return for each quantile the share of rows below it and its pinball loss, and, of several,
    how many rows lie between the lowest and the highest.

    Args:
        y: values `(N,)`.
        spread: quantiles `(N, Q)`, rising in each row.
        quantiles: their shares.
        drawn: rows that are resampled together.
        count: resamples.
        seed: of the resamples.
        confidence: coverage of the intervals.
    """  # fmt: skip
    shares = np.array(quantiles)
    errors = y[:, None] - spread
    losses = np.maximum(shares * errors, (shares - 1) * errors)
    inside = (y >= spread[:, 0]) & (y <= spread[:, -1])
    columns = [*(y[:, None] <= spread).astype(np.float64).T, *losses.T, inside.astype(np.float64)]
    statistics = [weighted_mean(column) for column in columns]
    draws = replicates(statistics, drawn, count, seed)
    ones = np.ones(len(y))
    found = [
        estimate(statistic(ones), draws[:, number], confidence)
        for number, statistic in enumerate(statistics)
    ]
    size = len(quantiles)
    levels = [
        {"quantile": share, "below": below, "pinball": loss}
        for share, below, loss in zip(quantiles, found[:size], found[size : 2 * size], strict=True)
    ]
    if size == 1:
        return {"levels": levels}
    return {
        "levels": levels,
        "between": {"nominal": quantiles[-1] - quantiles[0], **found[-1]},
        "mean_width": float((spread[:, -1] - spread[:, 0]).mean()),
    }
