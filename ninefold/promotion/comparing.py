"""Challenger and champion on the same rows: gain, slices, calibration.

Both are scored on the same bootstrap resamples (of groups or blocks of time, where rows belong
together), so that what is hard for both cancels out. The intervals of slices hold for all of them
together (Dunn, Journal of the American Statistical Association, 1961).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.evaluation import EvaluateSpec, curves
from ninefold.evaluation.bootstrap import Clusters, clusters, interval, replicates
from ninefold.evaluation.metrics import Metric, Statistic, reported_metric
from ninefold.evaluation.slices import REPLICATES, level_names, slice_columns
from ninefold.problem import ProblemSpec
from ninefold.promotion.candidate import Candidate
from ninefold.target import Cut, Target


@dataclass(frozen=True)
class _Pair:
    """Both models' predictions `(N, K)` or `(N,)` for the rows of `frame`, with their targets."""

    frame: Frame
    y: Array
    predictions: tuple[Array, Array]
    cuts: tuple[Cut, Cut]
    metric: Metric
    drawn: Clusters

    def statistics(self, rows: Array | slice = slice(None)) -> list[Statistic]:
        """Return the metric of challenger and champion on some rows, as functions of weights."""
        return [
            self.metric.prepare(self.y[rows], prediction[rows], threshold)
            for prediction, threshold in zip(self.predictions, self.cuts, strict=True)
        ]

    @property
    def sign(self) -> float:
        return 1.0 if self.metric.higher_is_better else -1.0


def compare(
    challenger: Candidate,
    champion: Candidate,
    frame: Frame,
    problem: ProblemSpec,
    spec: EvaluateSpec,
    masked: Collection[str] = (),
) -> dict[str, Any]:
    """Return the evidence: the reported metric of both, the gain with its interval, the slices.

    `gain` is positive where the challenger is better, `errors` are the standard errors of the
    metric of challenger and champion. `frame` holds rows whose class both know;
    no slice is made of the `masked` columns.
    """
    head, other = challenger.head, champion.head
    assert head is not None
    assert other is not None
    metric = reported_metric(problem, head.target)
    prediction, cut = _turned(champion.predict(frame), other.cut, other.target, head.target)
    pair = _Pair(
        frame,
        head.target.encode(frame),
        (challenger.predict(frame), prediction),
        (head.cut, cut),
        metric,
        clusters(frame, problem),
    )
    statistics = pair.statistics()
    draws = replicates(statistics, pair.drawn, spec.bootstrap, spec.seed)
    gains = pair.sign * (draws[:, 0] - draws[:, 1])
    low, high = interval(gains, spec.confidence)
    values = [statistic(np.ones(len(frame))) for statistic in statistics]
    return {
        "metric": {"name": metric.name, "higher_is_better": metric.higher_is_better},
        "rows": len(frame),
        "resampled": {"unit": pair.drawn.unit, "count": len(gains), "confidence": spec.confidence},
        "challenger": values[0],
        "champion": values[1],
        "gain": {"value": pair.sign * (values[0] - values[1]), "low": low, "high": high},
        "standard_error": _spread(gains),
        "errors": [_spread(draws[:, 0]), _spread(draws[:, 1])],
        "slices": _slices(pair, spec, masked),
        "calibration": _calibration(pair, head.target),
    }


def _turned(prediction: Array, cut: Cut, own: Target, target: Target) -> tuple[Array, Cut]:
    """Return a model's prediction and threshold with the classes in the order of `target`.

    The positive class is the rarer one of the train rows, and that may change from run to run.
    """
    pairs = zip(own.each, target.each, strict=True)
    other = np.array([one.classes != its.classes for one, its in pairs])
    if other.any():
        cuts = np.where(other, 1 - np.array(cut), np.array(cut))
        return np.where(other, 1 - prediction, prediction), tuple(cuts.tolist())
    if own.classes == target.classes:
        return prediction, cut
    columns = [own.classes.index(name) for name in target.classes]
    return prediction[:, columns], 1 - np.array(cut).item()


def _spread(draws: Array) -> float | None:
    """Return the bootstrap standard error of draws `(B,)`."""
    known = draws[np.isfinite(draws)]
    return float(known.std(ddof=1)) if len(known) > 1 else None


def _slices(pair: _Pair, spec: EvaluateSpec, masked: Collection[str]) -> list[dict[str, Any]]:
    """Return both models' metric and the gain for each slice that is large enough."""
    found = []
    for name in slice_columns(pair.frame, spec):
        if name in masked:
            continue
        levels = level_names(pair.frame, name)
        for level in sorted(set(levels.tolist())):
            rows = np.flatnonzero(levels == level)
            if len(rows) >= spec.min_slice_rows:
                found.append((name, level, rows))
    share = (1 - spec.confidence) / max(1, len(found))
    entries = []
    for name, level, rows in found:
        entry = {"column": name, "level": level, "rows": len(rows)}
        entries.append({**entry, **_slice(pair, rows, share, spec)})
    return entries


def _slice(pair: _Pair, rows: Array, share: float, spec: EvaluateSpec) -> dict[str, Any]:
    """Return a slice's gain; its interval leaves out `share` of what may be."""
    from scipy.stats import t

    statistics, drawn = pair.statistics(rows), pair.drawn.take(rows)
    values = [statistic(np.ones(len(rows))) for statistic in statistics]
    draws = replicates(statistics, drawn, min(spec.bootstrap, REPLICATES), spec.seed)
    gains = pair.sign * (draws[:, 0] - draws[:, 1])
    gains = gains[np.isfinite(gains)]
    gain = pair.sign * (values[0] - values[1])
    reach = None
    if len(gains) > len(draws) / 2 and gain == gain:
        reach = float(t.ppf(1 - share / 2, drawn.count - 1) * gains.std(ddof=1))
    return {
        "challenger": values[0],
        "champion": values[1],
        "gain": gain,
        "low": None if reach is None else gain - reach,
        "high": None if reach is None else gain + reach,
    }


def _calibration(pair: _Pair, target: Target) -> dict[str, float] | None:
    """Return both models' expected calibration error, of labels their mean; None for values."""
    if target.task == "regression":
        return None
    errors = [_error(pair.y, prediction, target) for prediction in pair.predictions]
    return {"challenger": errors[0], "champion": errors[1]}


def _error(y: Array, prediction: Array, target: Target) -> float:
    if not target.each:
        return float(curves.calibration(y, prediction)["ece"])
    both = np.stack([1 - prediction, prediction], axis=2)
    found = [curves.calibration(y[:, t], both[:, t])["ece"] for t in range(len(target.each))]
    return float(np.mean(found))
