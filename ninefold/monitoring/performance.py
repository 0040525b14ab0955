"""How right the predictions were, once labels are there, against the interval of the test part."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation.bootstrap import Clusters, estimate, replicates
from ninefold.evaluation.metrics import Metric, metrics_for
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.reference import Reference

REPLICATES, CONFIDENCE, SEED = 500, 0.95, 0


def performance(
    reference: Reference, y: Array, prediction: Array, spec: MonitorSpec
) -> dict[str, Any] | None:
    """Return the metrics of the test part on labelled rows, and what the reported one means.

    Args:
        y: class codes `(N,)` or values `(N,)`; `(N, T)` of several targets.
        prediction: probabilities `(N, K)` or values `(N,)`; `(N, T)` of several targets.

    Returns:
        None where the model says nothing of the test part.
    """
    if reference.head is None:
        return None
    known = {item.name: item for item in metrics_for(reference.head.target)}
    threshold, rows = reference.head.cut, len(y)
    names = [name for name in reference.metrics if name in known]
    if not names:
        return None
    chosen = [known[name] for name in names]
    statistics = [item.prepare(y, prediction, threshold) for item in chosen]
    drawn = replicates(statistics, Clusters(np.arange(rows), rows, "row"), REPLICATES, SEED)
    found = {
        name: estimate(one(np.ones(rows)), drawn[:, place], CONFIDENCE, item.undefined(y))
        for place, (name, item, one) in enumerate(zip(names, chosen, statistics, strict=True))
    }
    severity, message = _judged(known[names[0]], reference.metrics[names[0]], found, rows, spec)
    return {
        "metric": names[0], "rows": rows, "now": found, "test": dict(reference.metrics),
        "severity": severity, "message": message,
    }  # fmt: skip


def _judged(
    metric: Metric,
    test: Mapping[str, Any],
    found: Mapping[str, Any],
    rows: int,
    spec: MonitorSpec,
) -> tuple[str, str]:
    name = metric.name
    now = found[name]
    if now["value"] is None or test.get("value") is None:
        return "pass", f"{name} has no value: {now.get('reason') or test.get('reason')}"
    said = f"{name} is {_shown(now)} on {rows:,} labelled rows, {_shown(test)} on the test part"
    if rows < spec.min_rows or now["low"] is None or test.get("low") is None:
        return "pass", f"{said}: too few rows to judge"
    higher = metric.higher_is_better
    is_worse = now["high"] < test["low"] if higher else now["low"] > test["high"]
    if is_worse and spec.performance != "never":
        return spec.performance, said
    beyond = now["value"] < test["low"] if higher else now["value"] > test["high"]
    return ("warn" if beyond and spec.performance != "never" else "pass"), said


def _shown(estimate: Mapping[str, Any]) -> str:
    ends = f" ({estimate['low']:.3g} to {estimate['high']:.3g})" if estimate.get("low") else ""
    return f"{estimate['value']:.3g}{ends}"
