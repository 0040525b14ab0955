"""Everything reports/evaluation.json says, from predictions for the valid and the test part."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation import EvaluateSpec, curves
from ninefold.evaluation.bootstrap import clusters, estimate, replicates
from ninefold.evaluation.coverage import coverage
from ninefold.evaluation.metrics import Metric, metrics_for, reported_metric
from ninefold.evaluation.mistakes import worst_pictures
from ninefold.evaluation.part import Part, one_of, pooled
from ninefold.evaluation.residuals import residuals
from ninefold.evaluation.slices import slice_table
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.target import Cut
from ninefold.verdict import Measured, fold_evidence, verdict

if TYPE_CHECKING:
    from ninefold.training.run import Epoch

Estimate = dict[str, Any]


GUESS = "dummy"
"""The baseline that gives every row the same answer."""


@dataclass(frozen=True)
class _Setting:
    """What every number here depends on."""

    problem: ProblemSpec
    spec: EvaluateSpec
    head: Head
    metrics: tuple[Metric, ...]
    reported: Metric
    thresholds: Mapping[str, Cut]
    """From which probability on each baseline's label is the positive class."""
    titles: Mapping[str, str]
    """What people call the baselines."""


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
    setting = _Setting(
        problem, spec, head, (reported, *others), reported, thresholds or {}, titles or {}
    )
    network, baselines, decided, error = _test_metrics(valid, test, setting, cost, folds or {})
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
        "valid": _network_metrics(valid, setting),
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


def _outputs(test: Part, setting: _Setting) -> dict[str, Any]:
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
            "test": _network_metrics(part, own),
            **({"quantiles": _coverage(part, own)} if head.levels else {}),
            **_pictures(part, own),
        }
    return found


def _coverage(part: Part, setting: _Setting) -> dict[str, Any]:
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


def _network_metrics(part: Part, setting: _Setting) -> dict[str, Estimate]:
    return _estimates(part, [part.prediction], [setting.head.cut], setting)[0][0]


def _test_metrics(
    valid: Part,
    test: Part,
    setting: _Setting,
    cost: Mapping[str, Any] | None,
    folds: Mapping[str, Any],
) -> tuple[dict[str, Estimate], dict[str, Any], dict[str, Any], float]:
    """Return the network's metrics, the baselines' with their lift, the verdict, and the bootstrap
    standard error of the reported metric."""
    names, reported = sorted(test.baselines), setting.reported
    on_valid = {
        name: _values(valid.y, valid.baselines[name], _threshold(name, setting), setting)
        for name in sorted(valid.baselines)
    }
    predictions = [test.prediction, *(test.baselines[name] for name in names)]
    thresholds = [setting.head.cut, *(_threshold(name, setting) for name in names)]
    found, draws = _estimates(test, predictions, thresholds, setting)
    best = folds.get("best")
    if best not in names:
        best = reported.best_of({name: on_valid[name][reported.name] for name in names})
    baselines = {}
    for position, name in enumerate(names, start=1):
        baselines[name] = {
            "valid": {key: {"value": value} for key, value in on_valid[name].items()},
            "test": found[position],
            "is_best": name == best,
            "lift": _lift(found[0], found[position], (draws[0], draws[position]), setting),
        }
    rival = names.index(best) + 1 if best is not None else 0
    pair = (_number(found[0], reported), _number(found[rival], reported))
    units = clusters(test.frame, setting.problem).count
    guess = _number(found[names.index(GUESS) + 1], reported) if GUESS in names else float("nan")
    evidence = Measured(pair, (draws[0], draws[rival]), units, len(test), guess)
    apart = fold_evidence(folds, best)
    title = setting.titles.get(best or "")
    decided = verdict(reported, best, evidence, apart, setting.spec.confidence, cost, title)
    decided |= _against_guessing(decided, baselines, found, draws, setting)
    known = draws[0][np.isfinite(draws[0])]
    error = float(known.std(ddof=1)) if len(known) > 1 else float("nan")
    return found[0], baselines, decided, error


def _against_guessing(
    decided: Mapping[str, Any],
    baselines: Mapping[str, Any],
    found: Sequence[Mapping[str, Estimate]],
    draws: Sequence[Array],
    setting: _Setting,
) -> dict[str, Any]:
    """Say so in the verdict's sentence where nothing is surely better than a constant guess."""
    names, best = list(baselines), decided["baseline"]
    is_known = np.isfinite(_number(found[0], setting.reported))
    if GUESS not in names or best not in names or not is_known:
        return {}
    guess, rival = names.index(GUESS) + 1, names.index(best) + 1
    gains = [
        _lift(found[place], found[guess], (draws[place], draws[guess]), setting)
        for place in {0, rival} - {guess}
    ]
    beats = any(gain["low"] is not None and gain["low"] > 0 for gain in gains)
    more = "" if beats else " On the test part nothing is surely better than a constant guess."
    return {"beats_guess": beats, "sentence": decided["sentence"] + more}


def _estimates(
    part: Part, predictions: Sequence[Array], thresholds: Sequence[Cut], setting: _Setting
) -> tuple[list[dict[str, Estimate]], list[Array]]:
    """Return each model's metrics with intervals, and its reported metric on each resample."""
    ones, spec, width = np.ones(len(part)), setting.spec, len(setting.metrics)
    statistics = [
        metric.prepare(part.y, prediction, threshold)
        for prediction, threshold in zip(predictions, thresholds, strict=True)
        for metric in setting.metrics
    ]
    drawn = clusters(part.frame, setting.problem)
    draws = replicates(statistics, drawn, spec.bootstrap, spec.seed)
    found = []
    for start in range(0, len(statistics), width):
        columns = range(start, start + width)
        found.append(
            {
                metric.name: estimate(
                    statistics[column](ones),
                    draws[:, column],
                    spec.confidence,
                    metric.undefined(part.y),
                )
                for metric, column in zip(setting.metrics, columns, strict=True)
            }
        )
    return found, [draws[:, start] for start in range(0, len(statistics), width)]


def _threshold(name: str, setting: _Setting) -> Cut:
    found = setting.thresholds.get(name, 0.5)
    return tuple(found) if isinstance(found, Sequence) else found


def _values(y: Array, prediction: Array, threshold: Cut, setting: _Setting) -> dict[str, float]:
    return {
        metric.name: metric.compute(y, prediction, None, threshold) for metric in setting.metrics
    }


def _number(found: Mapping[str, Estimate], metric: Metric) -> float:
    value = found[metric.name]["value"]
    return float("nan") if value is None else float(value)


def _lift(
    network: Mapping[str, Estimate],
    baseline: Mapping[str, Estimate],
    draws: tuple[Array, Array],
    setting: _Setting,
) -> Estimate:
    """Return by how much the network is better in the reported metric; negative: worse."""
    sign = 1.0 if setting.reported.higher_is_better else -1.0
    ours, theirs = (_number(found, setting.reported) for found in (network, baseline))
    gain = estimate(sign * (ours - theirs), sign * (draws[0] - draws[1]), setting.spec.confidence)
    relative = sign * (ours - theirs) / abs(theirs) if theirs else float("nan")
    return {**gain, "relative": relative}


def _pictures(test: Part, setting: _Setting) -> dict[str, Any]:
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
