"""What the target leaves open in a column, and how much of that the other columns explain."""

from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import normal_scores, ridge_out_of_fold

if TYPE_CHECKING:
    from ninefold.leakage.power import Power, View


def shared(
    power: "Power", view: "View", leaving: set[str], klass: int | None
) -> tuple[float, float]:
    """Return how much of what the target leaves open in a view the other columns explain.

    R² out of fold of the view's residual, given the target, on all other columns; and the
    largest z under chance of that prediction and of single columns (its p-value corrected for
    their number). A child of the target has nothing in common with the others; a cause, or a
    child of a common cause, has.
    """
    from scipy.special import log_ndtr, ndtri_exp

    residual = _residual(power, view, klass)
    spread = float((residual**2).sum())
    if spread < 1e-9 * len(residual):
        return 0.0, 0.0
    x = np.hstack([power.matrix(leaving), power.neighbours])
    predicted = ridge_out_of_fold(x, residual, power.fold)
    x = x[:, 1:]
    x = x - x.mean(0)
    size = np.sqrt((x**2).sum(0) * spread)
    single = np.abs(residual @ x) / np.where(size > 0, size, np.inf)
    z = single.max() * np.sqrt(len(residual))
    corrected = min(log_ndtr(-z) + np.log(2 * len(single)), np.log(0.5))
    joint = 0.0
    if predicted.std() > 0:
        joint = np.corrcoef(predicted, residual)[0, 1] * np.sqrt(len(residual))
    r2 = 1 - ((residual - predicted) ** 2).sum() / spread
    return float(max(r2, 0.0)), float(max(-ndtri_exp(corrected), joint))


def _residual(power: "Power", view: "View", klass: int | None) -> Array:
    """Return what the target leaves open in a view `(N,)`."""
    kind = power.case.frame.column(view.column).kind
    x = view.scores
    if view.aspect == "value" and kind in ("category", "text"):
        x = _told(power, view, klass)
    elif len(np.unique(x)) > 2:
        x = normal_scores(x)
    return x - _given_target(power, x)


def _told(power: "Power", view: "View", klass: int | None) -> Array:
    """Return the mean of the target `(N,)` at each value of a view, out of fold."""
    y = (power.case.y == klass).astype(np.float64) if klass is not None else power.y
    return power.means(view.codes, y)


def _given_target(power: "Power", x: Array) -> Array:
    """Return the mean of `x` `(N,)` at each row's target: by class, or on a running line."""
    if power.is_classification:
        mean = np.bincount(power.y, x) / np.maximum(np.bincount(power.y), 1)
        return np.asarray(mean[power.y])
    order = np.argsort(power.y, kind="stable")
    knots = np.array_split(order, max(min(len(order) // 15, 100), 2))
    at = np.array([power.y[k].mean() for k in knots])
    value = np.array([x[k].mean() for k in knots])
    at, index = np.unique(at, return_index=True)
    return np.asarray(np.interp(power.y, at, value[index]))
