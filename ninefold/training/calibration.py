"""Temperature, threshold and shifts of quantiles, all fitted on the valid rows."""

import math
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.evaluation.metrics import Metric, metric
from ninefold.head import Head
from ninefold.target import Target

TEMPERATURES = (0.2, 5.0)
MIN_ROWS = 30
MEDIAN = 0.5
CANDIDATES = 200
Threshold = Annotated[float, Field(gt=0, lt=1)] | Literal["tuned"]


def fit_head(
    scores: Array, y: Array, target: Target, reported: Metric, calibrate: bool, threshold: Threshold
) -> Head:
    """Return the head for `scores (N, K)` of the valid rows, whose targets are `y (N,)`.

    Of several targets, scores and y `(N, T)`, each gets a head of its own.
    """
    head = Head(target)
    if head.each:
        judge = metric(reported.name.removesuffix("_micro"))
        settings = (judge, calibrate, threshold)
        each = tuple(
            fit_head(head.scores_of(scores, t), y[:, t], one.target, *settings)
            for t, one in enumerate(head.each)
        )
        return replace(head, each=each)
    if target.task == "regression":
        return head
    if calibrate:
        head = replace(head, temperature=fit_temperature(scores, y, target))
    if not target.is_binary:
        return head
    if threshold == "tuned":
        return replace(head, threshold=tune_threshold(head, scores, y, reported))
    return replace(head, threshold=float(threshold))


def conformal(head: Head, scores: Array, y: Array) -> Head:
    """Return the head whose quantiles, or the one, keep what their shares promise on new rows like
    the valid ones, with `scores (N, Q)` and targets `y (N,)`; of several targets each by itself.

    Each quantile but that of one half is moved by a quantile of what it is off by, one side at a
    time: conformalized quantile regression (Romano, Patterson and Candès, NeurIPS 2019, theorem 2).
    A head of fewer than 30 rows stays.
    """
    if head.each:
        each = tuple(
            conformal(one, head.scores_of(scores, t), y[:, t]) for t, one in enumerate(head.each)
        )
        return replace(head, each=each)
    if len(y) < MIN_ROWS:
        return replace(head, shifts=(0.0,) * head.width)
    actual = (y.astype(np.float64) - head.target.offset) / head.target.scale
    off = np.sort(actual[:, None] - np.sort(scores.astype(np.float64), axis=1), axis=0)
    return replace(head, shifts=tuple(map(_shift, off.T, head.levels)))


def _shift(off: Array, share: float) -> float:
    """Return what a quantile moves by, given how far `off` it is in rising order `(N,)`."""
    if share == MEDIAN:
        return 0.0
    rank = (len(off) + 1) * share
    place = math.floor(rank + 1e-9) if share < MEDIAN else math.ceil(rank - 1e-9)
    return float(off[min(max(place, 1), len(off)) - 1])


def fit_temperature(scores: Array, y: Array, target: Target) -> float:
    """Return the temperature that minimises the log loss of `scores (N, K)` on codes `y (N,)`.

    Each row counts as its class but for 1 / (2N + 2), the chance of a mistake that rows without one
    leave open (Jeffreys' prior; Platt, 1999, smooths alike): a few rows that are all answered right
    would ask for probabilities of 1. 1.0 where the rows cannot tell: fewer than 30, a class among
    them missing, or all scored alike.
    Guo et al., 2017, arXiv 1706.04599.
    """
    is_constant = bool((scores == scores[:1]).all())
    if len(y) < MIN_ROWS or len(np.unique(y)) < target.outputs or is_constant:
        return 1.0
    from scipy.optimize import minimize_scalar

    logits, doubt = scores.astype(np.float64), 0.5 / (len(y) + 1)
    truth = np.full(logits.shape, doubt / (logits.shape[1] - 1))
    truth[np.arange(len(y)), y] = 1 - doubt

    def loss(logarithm: float) -> float:
        scaled = logits * np.exp(-logarithm)
        highest = scaled.max(axis=1)
        total = np.log(np.exp(scaled - highest[:, None]).sum(axis=1)) + highest
        return float((total - (truth * scaled).sum(axis=1)).mean())

    found = minimize_scalar(
        loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-4}
    )
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def tune_threshold(head: Head, scores: Array, y: Array, reported: Metric) -> float:
    """Return the threshold best on the valid rows, judged by labels; ties go to the nearest .5.

    Judged by the reported metric, or by balanced accuracy when that does not depend on labels.
    """
    probabilities = head.predict(scores)
    quantiles = np.quantile(probabilities[:, 1], np.linspace(0.0, 1.0, CANDIDATES + 1))
    candidates = np.unique(np.clip(np.append(quantiles, 0.5), 1e-6, 1 - 1e-6))
    for judge in (reported, metric("balanced_accuracy")):
        values = np.array([judge.compute(y, probabilities, None, float(t)) for t in candidates])
        if np.isfinite(values).all() and np.ptp(values) > 0:
            values = values if judge.higher_is_better else -values
            best = candidates[values >= values.max() - 1e-12]
            return float(best[np.argmin(np.abs(best - 0.5))])
    return 0.5
