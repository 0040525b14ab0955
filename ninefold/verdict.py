"""Does deep learning earn its place here? Network against the best baseline, on the test part.

The baseline is chosen on the valid part. The difference is drawn from a paired bootstrap: both
models are scored on the same resamples. What counts as the same (region of practical equivalence,
Benavoli et al., JMLR 2017): .005 for scores up to 1, 1 % of the baseline's error for errors.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.bootstrap import interval
from ninefold.evaluation.metrics import Metric

SURE = 0.95
SCORE_ROPE = 0.005
ERROR_ROPE = 0.01
NEEDED, NOT_NEEDED, INCONCLUSIVE = "needed", "not needed", "inconclusive"


def best_baseline(valid: Mapping[str, float], reported: Metric) -> str | None:
    """Return the name of the baseline with the best value on valid; ties go by name."""
    best: str | None = None
    for name in sorted(valid):
        if best is None or reported.is_better(valid[name], valid[best]):
            best = name
    return best


def verdict(
    reported: Metric,
    baseline: str | None,
    values: tuple[float, float],
    replicates: tuple[Array, Array],
    confidence: float,
    cost: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return answer, sentence, difference with interval, and the probabilities behind them.

    Args:
        reported: the metric both are judged by.
        baseline: name of the best baseline on the valid part; None: there is none.
        values: the metric on the test part, of the network and of the baseline.
        replicates: the metric on each resample `(B,)`, of the network and of the baseline.
        confidence: coverage of the interval.
        cost: what either model costs, passed through.
    """
    network, other = values
    undecided = {"answer": INCONCLUSIVE, "metric": reported.name, "baseline": baseline}
    if baseline is None:
        said = (
            "Whether deep learning is needed stays open: no baseline was trained to compare with."
        )
        return {**undecided, "sentence": said}
    sign = 1.0 if reported.higher_is_better else -1.0
    gains = sign * (replicates[0] - replicates[1])
    gains = gains[np.isfinite(gains)]
    if not np.isfinite([network, other]).all() or len(gains) == 0:
        said = (
            f"Whether deep learning is needed stays open: {reported.name} has no value on the test "
            "part, or its rows are too few to tell."
        )
        return {**undecided, "sentence": said}
    rope = SCORE_ROPE if reported.higher_is_better else ERROR_ROPE * abs(other)
    p_better, p_worse = float((gains > rope).mean()), float((gains < -rope).mean())
    answer = INCONCLUSIVE
    if p_better >= SURE:
        answer = NEEDED
    elif 1 - p_better >= SURE:
        answer = NOT_NEEDED
    low, high = interval(gains, confidence)
    found = {
        "answer": answer,
        "metric": reported.name,
        "baseline": baseline,
        "network_value": network,
        "baseline_value": other,
        "gain": sign * (network - other),
        "low": low,
        "high": high,
        "confidence": confidence,
        "equivalent_within": rope,
        "p_better": p_better,
        "p_equivalent": 1 - p_better - p_worse,
        "p_worse": p_worse,
        "cost": dict(cost or {}),
    }
    return {**found, "sentence": _sentence(found)}


def _sentence(found: Mapping[str, Any]) -> str:
    """Word the verdict for people who do not read tables."""
    openings = {
        NEEDED: "Deep learning pays off here",
        NOT_NEEDED: "Deep learning is not needed here",
        INCONCLUSIVE: "Whether deep learning is needed cannot be told from these data",
    }
    comparison = (
        f"{found['metric']} on rows no model has seen is {found['network_value']:.4g} for the "
        f"network and {found['baseline_value']:.4g} for {found['baseline']}"
    )
    gain = (
        f"gain {found['gain']:+.3g}, {found['confidence']:.0%} interval {found['low']:+.3g} to "
        f"{found['high']:+.3g}"
    )
    chance = f"the chance that the network is clearly better is {found['p_better']:.0%}"
    return f"{openings[found['answer']]}: {comparison} ({gain}); {chance}."
