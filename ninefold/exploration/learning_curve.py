"""Are there enough rows? What a cheap learner gains from them, and would gain from twice."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.exploration.extrapolation import extrapolated

MAX_ROWS = 8_000
SHARES = (0.125, 0.25, 0.5, 1.0)
REPEATS = 3
HELD_OUT = 0.25
MIN_ROWS = 200
METRICS = {"two": "roc_auc", "more": "accuracy", "regression": "r2"}
WORDS = {"roc_auc": "AUC", "accuracy": "accuracy", "r2": "R²"}
"""What people call the metrics."""


def learning_curve(
    X: Array, y: Array, task: str, is_ordered: bool = False, total: int | None = None
) -> dict[str, Any] | None:
    """Fit a small gradient boosting on growing parts of the rows and extrapolate.

    Shapes: `X` `(N, F)` with NaN for missing, `y` `(N,)` of codes or numbers. With `is_ordered`
    rows are in the order of time: the last ones are held out, and parts end where those begin.

    `total` is how many rows there are, if `X` is a sample of them.

    Returns the curve (rows, score, low, high), the metric, and what doubling the rows would buy, as
    a - b·n^-c fitted to the means (Viering and Loog 2022), between `low` and `high` of the
    fits to each repeat and to their means; None where there are too few rows.
    """
    is_sorting = task == "classification"
    counts = np.unique(y, return_counts=True)[1] if is_sorting else np.array([len(y)])
    if len(X) < MIN_ROWS or counts.min() < 10 or (is_sorting and len(counts) < 2):
        return None
    metric = METRICS[("two" if len(counts) == 2 else "more") if is_sorting else "regression"]
    X = np.where(np.isinf(X), np.nan, X).clip(-1e30, 1e30)
    scores = np.array([_scores(X, y, task, seed, is_ordered) for seed in range(REPEATS)])
    sizes = _sizes(len(X))
    rows = max(total or len(X), int(sizes[-1]))
    now, twice = (extrapolated(sizes, scores.mean(axis=0), n) for n in (rows, 2 * rows))
    each = [extrapolated(sizes, s, 2 * rows) - extrapolated(sizes, s, rows) for s in scores]
    each.append(twice - now)
    points = [
        {"rows": int(n), "score": float(column.mean()), "low": float(column.min()),
         "high": float(column.max())}
        for n, column in zip(sizes, scores.T, strict=True)
    ]  # fmt: skip
    return {
        "metric": metric,
        "points": points,
        "rows": rows,
        "doubled": {"rows": 2 * rows, "score": twice, "gain": twice - now,
                    "low": float(min(each)), "high": float(max(each))},
    }  # fmt: skip


def _sizes(rows: int) -> Array:
    fit = min(rows, MAX_ROWS) - int(min(rows, MAX_ROWS) * HELD_OUT)
    return np.array([int(fit * share) for share in SHARES])


def _scores(X: Array, y: Array, task: str, seed: int, is_ordered: bool) -> list[float]:
    random = np.random.default_rng(seed)
    order = random.permutation(len(X))[:MAX_ROWS]
    order = np.sort(order) if is_ordered else order
    held = int(len(order) * HELD_OUT)
    fit, test = order[:-held], order[-held:]
    return [_score(X, y, fit[-size:], test, task) for size in _sizes(len(X))]


def _score(X: Array, y: Array, fit: Array, test: Array, task: str) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import accuracy_score, r2_score, roc_auc_score

    empty = np.isnan(X[fit]).all(axis=0)
    X = np.where(empty, 0.0, X) if empty.any() else X
    settings = {"max_iter": 40, "max_leaf_nodes": 15, "early_stopping": False, "random_state": 0}
    if task == "regression":
        model = HistGradientBoostingRegressor(**settings).fit(X[fit], y[fit])
        return float(r2_score(y[test], model.predict(X[test])))
    if len(np.unique(y[fit])) < 2 or len(np.unique(y[test])) < 2:
        return 0.5
    model = HistGradientBoostingClassifier(**settings).fit(X[fit], y[fit])
    if len(np.unique(y)) == 2:
        return float(roc_auc_score(y[test], model.predict_proba(X[test])[:, 1]))
    return float(accuracy_score(y[test], model.predict(X[test])))
