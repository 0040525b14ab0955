"""Where a regression is off, and by how much."""

from typing import Any

import numpy as np

from ninefold.columns import Array

POINTS = 1000
BARS = 40
BINS = 10


def residuals(y: Array, prediction: Array, seed: int) -> dict[str, Any]:
    """Return actual-predicted pairs, a histogram of the residuals, and errors by predicted size.

    A residual is actual minus predicted, in the target's units. At most 1,000 pairs, drawn with
    `seed`; the histogram's end bars hold everything beyond the middle 99 %.
    """
    error = y - prediction
    drawn = np.random.default_rng(seed).permutation(len(y))[:POINTS]
    return {
        "points": [
            {"actual": float(y[i]), "predicted": float(prediction[i])} for i in np.sort(drawn)
        ],
        "histogram": _histogram(error),
        "by_predicted": _by_predicted(error, prediction),
        "mean": float(error.mean()),
        "quantiles": {str(q): float(np.quantile(error, q)) for q in (0.05, 0.25, 0.5, 0.75, 0.95)},
    }


def _histogram(error: Array) -> dict[str, Any]:
    low, high = np.quantile(error, [0.005, 0.995])
    if not low < high:
        low, high = error.min() - 0.5, error.max() + 0.5
    counts, edges = np.histogram(np.clip(error, low, high), bins=BARS, range=(low, high))
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _by_predicted(error: Array, prediction: Array) -> list[dict[str, Any]]:
    edges = np.unique(np.quantile(prediction, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, prediction, side="right")
    table = []
    for number in np.unique(bins):
        inside = bins == number
        table.append(
            {
                "low": float(prediction[inside].min()),
                "high": float(prediction[inside].max()),
                "rows": int(inside.sum()),
                "mean_error": float(error[inside].mean()),
                "mae": float(np.abs(error[inside]).mean()),
                "rmse": float(np.sqrt((error[inside] ** 2).mean())),
            }
        )
    return table
