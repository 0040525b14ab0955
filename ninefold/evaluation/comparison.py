"""What the network and each baseline reach on the test part, and the verdict on the two best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.evaluation import EvaluateSpec
from ninefold.evaluation.bootstrap import clusters, estimate, replicates
from ninefold.evaluation.metrics import Metric
from ninefold.evaluation.part import Part
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.target import Cut
from ninefold.verdict import Measured, fold_evidence, verdict

Estimate = dict[str, Any]

GUESS = "dummy"
"""The baseline that gives every row the same answer."""


@dataclass(frozen=True)
class Setting:
    """What every number of an evaluation depends on."""

    problem: ProblemSpec
    spec: EvaluateSpec
    head: Head
    metrics: tuple[Metric, ...]
    reported: Metric
    thresholds: Mapping[str, Cut]
    """From which probability on each baseline's label is the positive class."""
    titles: Mapping[str, str]
    """What people call the baselines."""


def network_metrics(part: Part, setting: Setting) -> dict[str, Estimate]:
    """Return the network's metrics on a part, each with its interval."""
    return _estimates(part, [part.prediction], [setting.head.cut], setting)[0][0]


def compared(
    valid: Part,
    test: Part,
    setting: Setting,
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
    setting: Setting,
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
    part: Part, predictions: Sequence[Array], thresholds: Sequence[Cut], setting: Setting
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


def _threshold(name: str, setting: Setting) -> Cut:
    found = setting.thresholds.get(name, 0.5)
    return tuple(found) if isinstance(found, Sequence) else found


def _values(y: Array, prediction: Array, threshold: Cut, setting: Setting) -> dict[str, float]:
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
    setting: Setting,
) -> Estimate:
    """Return by how much the network is better in the reported metric; negative: worse."""
    sign = 1.0 if setting.reported.higher_is_better else -1.0
    ours, theirs = (_number(found, setting.reported) for found in (network, baseline))
    gain = estimate(sign * (ours - theirs), sign * (draws[0] - draws[1]), setting.spec.confidence)
    relative = sign * (ours - theirs) / abs(theirs) if theirs else float("nan")
    return {**gain, "relative": relative}
