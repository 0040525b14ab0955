"""Numbers with intervals for models without a target, and what every evaluation says."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.evaluation import EvaluateSpec
from ninefold.evaluation.bootstrap import clusters, estimate, interval, replicates
from ninefold.problem import ProblemSpec

Statistic = Callable[[Array | None], float]
"""Weights of the rows `(N,)`, or None for all alike -> a number, NaN where undefined."""
Estimates = dict[str, dict[str, Any]]
NOT_ASKED = "not asked"
"""The answer of a verdict where no network was trained."""


def estimates(
    statistics: Mapping[str, Statistic], frame: Frame, problem: ProblemSpec, spec: EvaluateSpec
) -> tuple[Estimates, Array]:
    """Return each number with its bootstrap interval, and the replicates `(B, S)`."""
    drawn = clusters(frame, problem)
    draws = replicates(list(statistics.values()), drawn, spec.bootstrap, spec.seed)
    found = {
        name: estimate(statistic(None), draws[:, i], spec.confidence, "it is undefined here")
        for i, (name, statistic) in enumerate(statistics.items())
    }
    return found, draws


def values(statistics: Mapping[str, Statistic]) -> Estimates:
    """Return each number without an interval; None where it is undefined."""
    found = {name: statistic(None) for name, statistic in statistics.items()}
    return {name: {"value": None if v != v else v} for name, v in found.items()}


def mean_of(items: Array) -> Statistic:
    """Return the weighted mean of the items `(N,)` that are no NaN, as a statistic."""
    known = np.isfinite(items)

    def statistic(weight: Array | None) -> float:
        if weight is None:
            return float(items[known].mean()) if known.any() else float("nan")
        total = float(weight[known].sum())
        return float(weight[known] @ items[known] / total) if total else float("nan")

    return statistic


def document(
    problem: ProblemSpec,
    spec: EvaluateSpec,
    metric: tuple[str, bool],
    parts: Mapping[str, Frame],
    test: tuple[Estimates, Array],
    valid: Estimates,
    baselines: Mapping[str, Any],
    decided: Mapping[str, Any],
    history: Sequence[Mapping[str, float]],
) -> dict[str, Any]:
    """Return what reports/evaluation.json says for every task without a target.

    Args:
        metric: name of the reported metric and whether higher is better.
        parts: the valid and the test rows.
        test: estimates on test, the reported metric among them, and their replicates.
    """
    drawn = clusters(parts["test"], problem)
    found, draws = test
    column = draws[:, list(found).index(metric[0])]
    defined = column[np.isfinite(column)]
    return {
        "task": problem.task,
        "target": problem.target,
        "metric": {"name": metric[0], "higher_is_better": metric[1]},
        "rows": {name: len(part) for name, part in parts.items()},
        "resampled": {"unit": drawn.unit, "count": drawn.count, "confidence": spec.confidence},
        "standard_error": float(defined.std(ddof=1)) if len(defined) > 1 else float("nan"),
        "test": found,
        "valid": valid,
        "baselines": dict(baselines),
        "verdict": dict(decided),
        "history": [dict(epoch) for epoch in history],
    }


def compare(
    metric: str,
    higher_is_better: bool,
    ours: tuple[float, Array],
    theirs: tuple[str, float, Array],
    spec: EvaluateSpec,
    same_within: float,
    title: str | None = None,
) -> dict[str, Any]:
    """Return whether a network is needed: its gain over the best peer, on the same resamples.

    needed: the interval of the gain lies above 0; not needed: it lies below `same_within`; else
    inconclusive.

    Args:
        ours: the network's value and its replicates `(B,)`.
        theirs: the peer's name, value and replicates `(B,)`.
        same_within: the smallest gain that matters.
        title: what people call the peer; default: its name.
    """
    name, value, draws = theirs
    sign = 1.0 if higher_is_better else -1.0
    gain = sign * (ours[0] - value)
    low, high = interval(sign * (ours[1] - draws), spec.confidence)
    said = f"{metric} {ours[0]:.4g} against {value:.4g} of the best baseline ({title or name})"
    if low is None or high is None:
        answer, why = "inconclusive", f"{said}; too few rows for an interval"
    elif low > 0 and gain > same_within:
        answer = "needed"
        why = f"{said}: better by {gain:.2g} ({low:.2g} to {high:.2g})"
    elif gain < 0:
        answer = "not needed"
        why = f"{said}: worse by {-gain:.2g} ({-high:.2g} to {-low:.2g})"
    elif high < same_within or gain == 0:
        answer = "not needed"
        why = f"{said}: a gain of {gain:.2g} ({low:.2g} to {high:.2g})"
    else:
        answer = "inconclusive"
        why = f"{said}: a gain of {gain:.2g} ({low:.2g} to {high:.2g})"
    return {
        "answer": answer,
        "sentence": f"On the test rows: {why}.",
        "metric": metric,
        "baseline": name,
        "baseline_title": title or name,
        "network_value": ours[0],
        "baseline_value": value,
        "gain": gain,
        "low": low,
        "high": high,
        "confidence": spec.confidence,
        "equivalent_within": same_within,
    }


def not_asked(what: str) -> dict[str, Any]:
    """Return the verdict where no network was trained."""
    return {
        "answer": NOT_ASKED,
        "sentence": f"No network was trained: {what}.",
        "metric": None,
        "baseline": None,
    }
