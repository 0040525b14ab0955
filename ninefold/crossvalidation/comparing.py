"""All rounds, the best baseline, and what more rows would change: reports/folds.json."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold import beside, cluster
from ninefold.columns import Frame
from ninefold.crossvalidation import CrossvalidateSpec
from ninefold.crossvalidation.contest import NETWORK, Contest, Contestants, Score, Settings
from ninefold.crossvalidation.growth import growth
from ninefold.crossvalidation.rounds import Round, rounds, side_by_side
from ninefold.evaluation.metrics import reported_metric
from ninefold.problem import ProblemSpec
from ninefold.progress import progress
from ninefold.target import Target

if TYPE_CHECKING:
    from ninefold.splitting import Folds


@dataclass(frozen=True)
class Crossvalidation:
    """reports/folds.json, and the seconds of reports/training_cost.json."""

    report: dict[str, Any]
    cost: dict[str, Any]


def crossvalidate(
    train: Frame, valid: Frame, folds: "Folds", settings: Settings, spec: CrossvalidateSpec
) -> Crossvalidation:
    """Fit and score every model in every fold.

    Raises:
        InputError: the data cannot be learnt from, or the folds are not those of `train`.
        ConfigError: metric or objective do not fit the task.
    """
    target = Target.fit(train, settings.problem)
    reported = reported_metric(settings.problem, target)
    contest = Contest(settings, target, reported, spec.network, settings.baselines.models)
    return compete(contest, train, valid, folds, settings.problem, spec)


def compete(
    contest: Contestants,
    train: Frame,
    valid: Frame,
    folds: "Folds",
    problem: ProblemSpec,
    spec: CrossvalidateSpec,
) -> Crossvalidation:
    """Let any contestants meet in every fold. Raises `InputError`, see `rounds`."""
    reported = contest.reported
    played = list(rounds(train, valid, folds, problem, spec.max_rows))
    play = _player(spec, side_by_side(played, len(train)))
    scheme = folds.scheme
    del train, valid, folds  # the rounds hold what is needed of them
    scores = play(contest, played)
    results = list(zip(played, progress(scores, "folds", len(played), unit="folds"), strict=True))
    means = {
        name: _mean([scores[name].value for _, scores in results])
        for name in (results[0][1] if results else {})
    }
    best = reported.best_of({name: mean for name, mean in means.items() if name != NETWORK})
    report = {
        "metric": reported.name,
        "higher_is_better": reported.higher_is_better,
        "scheme": scheme,
        "rounds": [_described(found, scores) for found, scores in results],
        "means": means,
        "best": best,
    }
    if spec.curve and spec.network and best is not None:
        report["curve"] = growth(contest, results, best, scheme == "expanding", play)
    return Crossvalidation(report, _cost(results))


def _player(
    spec: CrossvalidateSpec, processes: int
) -> Callable[[Contestants, Sequence[Round]], Iterator[dict[str, Score]]]:
    """Return what plays rounds: processes beside this one, or the workers of a cluster."""
    address = spec.scheduler
    if address is None:
        return lambda who, played: beside.mapped(type(who).run, who, played, processes)
    place = "params.yaml: crossvalidate.scheduler"
    return lambda who, played: cluster.mapped(type(who).run, who, played, address, place)


def _mean(values: Sequence[float]) -> float:
    """Return the mean, NaN if a value is: a model that fails in a fold is not the best."""
    return float(np.mean(values))


def _described(found: Round, scores: Mapping[str, Score]) -> dict[str, Any]:
    reasons = {name: score.reason for name, score in scores.items() if score.reason}
    return {
        "fold": found.fold,
        "fit_rows": len(found.fit),
        "watch_rows": len(found.watch),
        "new_rows": len(found.new),
        "scores": {name: score.value for name, score in scores.items()},
        **({"reasons": reasons} if reasons else {}),
    }


def _cost(results: Sequence[tuple[Round, Mapping[str, Score]]]) -> dict[str, Any]:
    """Return CPU seconds of fitting in the largest round; they differ from run to run."""
    if not results:
        return {}
    found, scores = max(results, key=lambda item: len(item[0].fit))
    return {
        "rows": len(found.fit),
        "cpu_seconds": {name: score.seconds for name, score in scores.items()},
    }
