"""What the target leaves open in a column, and how much of that the other columns explain."""

from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import normal_scores, ridge_out_of_fold
from ninefold.leakage.chance import SURE

if TYPE_CHECKING:
    from ninefold.leakage.power import Power, View

DOUBTFUL, SHUFFLES = (2.0, 12.0), 60
"""z that is held against residuals dealt anew among rows of one target, and how many times."""
KNOT, KNOTS = 15, 100
"""Rows of about one target, at least, and the most such heaps of rows."""


def shared(
    power: "Power", view: "View", leaving: set[str], klass: int | None
) -> tuple[float, float]:
    """Return how much of what the target leaves open in a view the other columns explain.

    R² out of fold of the view's residual, given the target, on all other columns; and the
    largest z under chance of that prediction and of single columns (its p-value corrected for
    their number). A child of the target has nothing in common with the others; a cause, or a
    child of a common cause, has. Columns set with it, as answers of one form are, say nothing.
    """
    from scipy.special import log_ndtr, ndtri_exp

    residual = _residual(power, view, klass)
    spread = float((residual**2).sum())
    if spread < 1e-9 * len(residual):
        return 0.0, 0.0
    x = np.hstack([power.matrix(leaving | _of_one_form(power, view)), power.neighbours])
    predicted = ridge_out_of_fold(x, residual, power.fold)
    single, joint = _ties(x, residual[:, None], predicted[:, None])
    corrected = min(log_ndtr(-single[0]) + np.log(2 * (x.shape[1] - 1)), np.log(0.5))
    z = float(max(-ndtri_exp(corrected), joint[0]))
    if DOUBTFUL[0] < z < DOUBTFUL[1]:
        dealt = _dealt_anew(power, residual)
        singles, joints = _ties(x, dealt, ridge_out_of_fold(x, dealt, power.fold))
        z = max(_of_largest(single[0], singles), (joint[0] - joints.mean()) / joints.std())
    r2 = 1 - ((residual - predicted) ** 2).sum() / spread
    return float(max(r2, 0.0)), float(max(z, 0.0))


def _of_one_form(power: "Power", view: "View") -> set[str]:
    """Return the columns set, or left open, together with a flag, a gap or a usual value.

    Of the four ways to have the one and the other, or not, chance would have left none out.
    """
    levels = np.unique(view.codes)
    if len(levels) != 2 or view.aspect == "words":
        return set()
    names, theirs = power.sides
    mine, rows = np.asarray(view.codes == levels[1], np.float32), len(view.codes)
    found: set[str] = set()
    for one in (mine, 1 - mine):
        both, size = theirs @ one, theirs.sum(1)
        for count, of in ((both, size), (one.sum() - both, rows - size)):
            few, many = np.minimum(of, one.sum()), np.maximum(of, one.sum())
            chance = few * np.log10(np.maximum(1 - many / rows, 1e-300))
            found |= {names[i] for i in np.flatnonzero((count == 0) & (chance <= SURE))}
    return found


def _ties(x: Array, residual: Array, predicted: Array) -> tuple[Array, Array]:
    """Return the largest z of a column of `x` `(N, F)`, and that of the prediction, `(K,)` each."""
    x = x[:, 1:] - x[:, 1:].mean(0)
    size = np.sqrt((x**2).sum(0))[:, None] * np.sqrt((residual**2).sum(0))
    single = np.abs(x.T @ residual) / np.where(size > 0, size, np.inf)
    residual, predicted = residual - residual.mean(0), predicted - predicted.mean(0)
    both = np.sqrt((predicted**2).sum(0) * (residual**2).sum(0))
    joint = (predicted * residual).sum(0) / np.where(both > 0, both, np.inf)
    root = np.sqrt(len(x))
    return single.max(0, initial=0.0) * root, joint * root


def _dealt_anew(power: "Power", residual: Array) -> Array:
    """Return a residual `(N,)` shuffled among rows of one class, or of about one target, `(N, K)`.

    It keeps how its spread goes with the target, and rare values, which meet others by chance.
    """
    heap = power.y
    if not power.is_classification:
        heap = np.empty(len(residual), dtype=np.int64)
        for number, rows in enumerate(_knots(power)):
            heap[rows] = number
    place, rng = np.argsort(heap, kind="stable"), np.random.default_rng(power.case.seed)
    dealt = np.empty((len(residual), SHUFFLES))
    for column in dealt.T:
        column[place] = residual[np.lexsort((rng.random(len(heap)), heap))]
    return dealt


def _of_largest(value: float, by_chance: Array) -> float:
    """Return the z of a largest tie; by chance `(K,)` they have Gumbel's distribution."""
    from scipy.special import ndtri_exp

    scale = np.sqrt(6) / np.pi * by_chance.std()
    if scale == 0:
        return 0.0
    above = (value - by_chance.mean()) / scale + np.euler_gamma
    log_p = np.log(-np.expm1(-np.exp(-above))) if above < 30 else -above
    return float(-ndtri_exp(min(log_p, -1e-9)))


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
    # A line first: at both ends the running one is flat, which would be left in every column.
    line = np.polyval(np.polyfit(power.y, x, 1), power.y)
    knots = _knots(power)
    at = np.array([power.y[k].mean() for k in knots])
    value = np.array([(x - line)[k].mean() for k in knots])
    at, index = np.unique(at, return_index=True)
    return np.asarray(line + np.interp(power.y, at, value[index]))


def _knots(power: "Power") -> list[Array]:
    """Return the rows in heaps of about one target, in its order."""
    order = np.argsort(power.y, kind="stable")
    return np.array_split(order, max(min(len(order) // KNOT, KNOTS), 2))
