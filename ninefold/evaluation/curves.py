"""ROC, precision-recall, calibration and confusion: what plots are drawn from."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.metrics import labels

POINTS = 200
BINS = 10
MAX_CLASSES = 20
Table = list[dict[str, Any]]


def roc(is_positive: Array, score: Array) -> Table:
    """Return `{"fpr", "tpr", "threshold"}` along the ROC curve, about 200 points, from (0, 0)."""
    positives, negatives, thresholds = _cumulated(is_positive, score)
    if positives[-1] == 0 or negatives[-1] == 0:
        return []
    tpr, fpr = positives / positives[-1], negatives / negatives[-1]
    keep = _thinned(tpr + fpr)
    start = {"fpr": 0.0, "tpr": 0.0, "threshold": None}
    points = zip(fpr[keep], tpr[keep], thresholds[keep], strict=True)
    return [
        start,
        *({"fpr": float(f), "tpr": float(t), "threshold": float(s)} for f, t, s in points),
    ]


def precision_recall(is_positive: Array, score: Array) -> Table:
    """Return `{"recall", "precision", "threshold"}` along the curve, about 200 points."""
    positives, negatives, thresholds = _cumulated(is_positive, score)
    if positives[-1] == 0:
        return []
    recall, precision = positives / positives[-1], positives / (positives + negatives)
    keep = _thinned(recall)
    points = zip(recall[keep], precision[keep], thresholds[keep], strict=True)
    return [
        {"recall": float(r), "precision": float(p), "threshold": float(s)} for r, p, s in points
    ]


def pooled(y: Array, prediction: Array) -> tuple[Array, Array]:
    """Return `(is_positive, score)`: the positive class, or every class against the rest."""
    if prediction.shape[1] == 2:
        return y == 1, prediction[:, 1]
    one_hot = y[:, None] == np.arange(prediction.shape[1])
    return one_hot.ravel(), prediction.ravel()


def calibration(y: Array, prediction: Array) -> dict[str, Any]:
    """Return how often what was predicted came true, in 10 bins of equally many rows, and the ECE.

    Two classes: probability of the positive class; more: of the likeliest class. The expected
    calibration error weighs each bin by its rows (Naeini et al., AAAI 2015).
    """
    if prediction.shape[1] == 2:
        predicted, happened = prediction[:, 1].astype(np.float64), y == 1
    else:
        predicted = prediction.max(axis=1).astype(np.float64)
        happened = prediction.argmax(axis=1) == y
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, BINS + 1)[1:-1]))
    bins = np.searchsorted(edges, predicted, side="right")
    rows = np.bincount(bins, minlength=len(edges) + 1)
    used = rows > 0
    mean = np.bincount(bins, predicted, len(rows))[used] / rows[used]
    rate = np.bincount(bins, happened.astype(float), len(rows))[used] / rows[used]
    table = [
        {"predicted": float(p), "observed": float(o), "rows": int(n)}
        for p, o, n in zip(mean, rate, rows[used], strict=True)
    ]
    ece = float((np.abs(mean - rate) * rows[used]).sum() / rows.sum())
    return {"ece": ece, "bins": table}


def confusion_table(
    y: Array, prediction: Array, threshold: float, classes: tuple[str, ...]
) -> dict[str, Any]:
    """Return `{"classes", "counts"}`; row = true, column = predicted.

    With more than 20 classes the rarer ones are counted together, under "other".
    """
    predicted, names = labels(prediction, threshold), list(classes)
    if len(names) > MAX_CLASSES:
        frequent = np.argsort(-np.bincount(y, minlength=len(names)), kind="stable")
        frequent = np.sort(frequent[: MAX_CLASSES - 1])
        code = np.full(len(names), len(frequent))
        code[frequent] = np.arange(len(frequent))
        y, predicted = code[y], code[predicted]
        names = [*(names[i] for i in frequent), "other"]
    size = len(names)
    counts = np.bincount(y * size + predicted, minlength=size * size).reshape(size, size)
    return {"classes": names, "counts": counts.tolist()}


def _cumulated(is_positive: Array, score: Array) -> tuple[Array, Array, Array]:
    """Return positives and negatives at or above each distinct score, and those scores."""
    order = np.argsort(-score, kind="stable")
    last = np.flatnonzero(np.diff(score[order], append=np.nan) != 0)
    positives = np.cumsum(is_positive[order])[last]
    return positives, last + 1 - positives, score[order][last]


def _thinned(along: Array) -> Array:
    """Return about `POINTS` positions, evenly spread over the rising values `along`, ends kept."""
    wanted = np.linspace(along[0], along[-1], POINTS)
    found = np.searchsorted(along, wanted).clip(0, len(along) - 1)
    return np.unique(np.concatenate([[0], found, [len(along) - 1]]))
