"""Everything reports/evaluation.json says, from predictions for the valid and the test part."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.evaluation import EvaluateSpec, curves
from ninefold.evaluation.bootstrap import clusters
from ninefold.evaluation.comparison import Estimate, Setting, compared, network_metrics
from ninefold.evaluation.coverage import coverage
from ninefold.evaluation.metrics import metrics_for, reported_metric
from ninefold.evaluation.mistakes import worst_pictures
from ninefold.evaluation.part import Part, one_of, pooled
from ninefold.evaluation.residuals import residuals
from ninefold.evaluation.slices import slice_table
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.target import Cut

if TYPE_CHECKING:
    from ninefold.training.run import Epoch


def evaluate(
    valid: Part,
    test: Part,
    head: Head,
    problem: ProblemSpec,
    spec: EvaluateSpec,
    history: "Sequence[Epoch]" = (),
    cost: Mapping[str, Any] | None = None,
    folds: Mapping[str, Any] | None = None,
    thresholds: Mapping[str, Cut] | None = None,
    titles: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return metrics with intervals, baselines, verdict, curves, calibration and slices.

    `folds` is what reports/folds.json holds; `thresholds` are those of the baselines, default .5,
    `titles` what people call them.

    A metric that is undefined on these rows has the value None and a `reason`.

    Raises:
        ConfigError: problem.metric does not fit the target, or a slice is no column.
    """
    reported = reported_metric(problem, head.target)
    others = tuple(m for m in metrics_for(head.target) if m.name != reported.name)
    setting = Setting(
        problem, spec, head, (reported, *others), reported, thresholds or {}, titles or {}
    )
    network, baselines, decided, error = compared(valid, test, setting, cost, folds or {})
    overall = network[reported.name]["value"]
    drawn = clusters(test.frame, problem)
    content = {
        "task": head.target.task,
        "target": head.target.name,
        "classes": list(head.target.classes),
        "positive": head.target.positive,
        "threshold": head.threshold if head.target.is_binary else None,
        "temperature": head.temperature if head.target.classes else None,
        "metric": {"name": reported.name, "higher_is_better": reported.higher_is_better},
        "rows": {"valid": len(valid), "test": len(test)},
        "resampled": {"unit": drawn.unit, "count": drawn.count, "confidence": spec.confidence},
        "standard_error": error,
        "test": network,
        "valid": network_metrics(valid, setting),
        "baselines": baselines,
        "verdict": decided,
        "slices": slice_table(
            test,
            drawn,
            reported,
            float("nan") if overall is None else overall,
            head.cut,
            spec,
        ),
        "history": [asdict(epoch) for epoch in history],
        "mistakes": worst_pictures(test, head),
    }
    if head.each:
        content["outputs"] = _outputs(test, setting)
    elif head.levels:
        content["quantiles"] = _coverage(test, setting)
    return content | _pictures(test, setting)


def _outputs(test: Part, setting: Setting) -> dict[str, Any]:
    """Return for each of several targets its metrics, in its own units, and its pictures."""
    found: dict[str, Any] = {}
    for number, head in enumerate(setting.head.each):
        part, target = one_of(test, setting.head, number), head.target
        metrics = metrics_for(target)
        own = replace(setting, head=head, metrics=metrics, reported=metrics[0])
        found[target.name] = {
            "classes": list(target.classes),
            "threshold": head.threshold if target.is_binary else None,
            "temperature": head.temperature if target.classes else None,
            "test": network_metrics(part, own),
            **({"quantiles": _coverage(part, own)} if head.levels else {}),
            **_pictures(part, own),
        }
    return found


def _coverage(part: Part, setting: Setting) -> dict[str, Any]:
    """Return how one target's quantiles, or the one, keep their promise."""
    head, spec, drawn = setting.head, setting.spec, clusters(part.frame, setting.problem)
    settings = (drawn, spec.bootstrap, spec.seed, spec.confidence)
    spread = head.spread(part.scores) if head.quantiles else part.prediction[:, None]
    return coverage(part.y, spread, head.levels, *settings)


def measured(content: Mapping[str, Any]) -> tuple[str, float | None, float]:
    """Return the reported metric, the network's value on test, and its bootstrap standard error."""
    name = content["metric"]["name"]
    return name, content["test"][name]["value"], content["standard_error"]


def flat_metrics(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return reports/metrics.json: test, valid and baseline values, the reported metric first."""

    def values(found: Mapping[str, Estimate]) -> dict[str, float | None]:
        return {name: entry["value"] for name, entry in found.items()}

    return {
        "test": values(content["test"]),
        "valid": values(content["valid"]),
        "baseline": {name: values(found["test"]) for name, found in content["baselines"].items()},
    }


def _pictures(test: Part, setting: Setting) -> dict[str, Any]:
    """Return what is drawn for the task; several targets are drawn together."""
    head, labelled = setting.head, test.prediction
    if head.each:
        if head.target.is_labels:
            labelled = np.eye(2)[head.labels(test.prediction).ravel()]
        test, head = pooled(test, head)
    prediction = test.prediction
    if not np.isfinite(prediction).all():
        return {}
    if head.target.task == "regression":
        return {"residuals": residuals(test.y, prediction, setting.spec.seed)}
    plain = Head(head.target).predict(test.scores)
    return {
        "curves": {
            "roc": curves.roc(*curves.pooled(test.y, prediction)),
            "pr": curves.precision_recall(*curves.pooled(test.y, prediction)),
        },
        "calibration": {
            "before": curves.calibration(test.y, plain),
            "after": curves.calibration(test.y, prediction),
        },
        "confusion": curves.confusion_table(test.y, labelled, head.threshold, head.target.classes),
    }
