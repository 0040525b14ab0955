"""What the winner gains on rows that no trial saw: the valid part.

The best of many trials looks better in the folds than it is, the more so the more were tried. So
default and winner are trained once more in each fold, and judged on the valid part, which no trial
was trained on, stopped by or judged on.
"""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.bootstrap import clusters, interval, replicates
from ninefold.evaluation.metrics import Metric
from ninefold.progress import progress
from ninefold.target import Cut
from ninefold.tuning.running import Here
from ninefold.tuning.work import Job, Material

REPLICATES, CONFIDENCE = 500, 0.95


def held_back(
    runner: Here,
    material: Material,
    values: Mapping[str, Any],
    reported: Metric,
    seed: int,
) -> dict[str, Any]:
    """Return the metric of default and winner on the valid part, means over the folds' models.

    `gain` is positive where the winner is better; its interval comes from a bootstrap over the
    rows (groups, days) of the valid part.
    """
    folds = range(len(material.rows))
    jobs = [Job(given, fold, is_held_back=True) for given in ({}, values) for fold in folds]
    y = material.target.encode(material.valid)
    statistics = [reported.prepare(y, p, threshold) for p, threshold in _run(runner, jobs)]
    ones = np.ones(len(y))
    found = np.array([statistic(ones) for statistic in statistics])
    drawn = replicates(statistics, clusters(material.valid, material.problem), REPLICATES, seed)
    count, sign = len(folds), 1.0 if reported.higher_is_better else -1.0
    default, winner = float(found[:count].mean()), float(found[count:].mean())
    gains = sign * (drawn[:, count:].mean(axis=1) - drawn[:, :count].mean(axis=1))
    low, high = interval(gains, CONFIDENCE)
    content = {
        "rows": len(y),
        "default": default,
        "winner": winner,
        "gain": sign * (winner - default),
        "low": low,
        "high": high,
        "confidence": CONFIDENCE,
    }
    return {**content, "is_better": bool(low is not None and low > 0)}


def _run(runner: Here, jobs: Sequence[Job]) -> list[tuple[Array, Cut]]:
    """Return prediction and threshold of all jobs, as many at a time as there is room for."""
    found: list[tuple[Array, Cut]] = []
    starts = range(0, len(jobs), runner.slots)
    for start in progress(starts, "tune: held-back rows", unit="rounds"):
        futures = [runner.submit(job) for job in jobs[start : start + runner.slots]]
        wait(futures)
        for future in futures:
            done = future.result()
            assert done.prediction is not None
            found.append((done.prediction, done.threshold))
    return found


def sentence(found: Mapping[str, Any], metric: str, *, is_for_metric: bool = True) -> str:
    """Word the estimate for people who do not read tables.

    Args:
        found: what `held_back` returned.
        metric: its name.
        is_for_metric: the winner was taken for its metric; false: for what it costs.
    """
    if not all(map(math.isfinite, (found["default"], found["winner"]))):
        return f"{metric} has no value on the valid part, so what the winner gains stays open."
    both = f"{metric} {found['winner']:.4g} with the winner, {found['default']:.4g} as it was"
    if found["low"] is None:
        return f"On {found['rows']} valid rows that no trial saw: {both}; too few to tell."
    gain = (
        f"gain {found['gain']:+.3g}, {found['confidence']:.0%} interval {found['low']:+.3g} to "
        f"{found['high']:+.3g}"
    )
    what = "gain" if is_for_metric else "difference"
    said = (
        "a real gain" if found["is_better"]
        else f"no {what} that can be told from chance" if found["high"] >= 0
        else "a real loss, params.yaml is better as it is" if is_for_metric
        else "a real loss, the price of what it costs less"
    )  # fmt: skip
    return f"On {found['rows']} valid rows that no trial saw: {both} ({gain}): {said}."
