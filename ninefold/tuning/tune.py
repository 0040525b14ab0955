"""From the rows and the search space to reports/tuning.json."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ninefold.errors import ConfigError, InputError
from ninefold.evaluation.metrics import reported_metric
from ninefold.evaluation.part import known_rows
from ninefold.head import Head
from ninefold.progress import progress
from ninefold.tuning import held_back, journal
from ninefold.tuning.goals import Row
from ninefold.tuning.running import Here, runner
from ninefold.tuning.space import Space
from ninefold.tuning.study import Search, directions, stop_if_all_failed
from ninefold.tuning.work import Material, stops_apart

if TYPE_CHECKING:
    from optuna import Study

    from ninefold.evaluation.metrics import Metric
    from ninefold.tuning import TuneSpec

FEWEST_FOR_IMPORTANCE = 8
"""Complete trials from which fANOVA is fitted."""


def tune(material: Material, space: Space, spec: "TuneSpec", path: Path) -> dict[str, Any]:
    """Search, or go on searching where the journal at `path` stands, and choose.

    Raises:
        InputError: no trial completes, or the folds are not those of the train rows.
        ConfigError: params.yaml as it stands cannot be trained, or no Dask scheduler answers.
    """
    if not (material.folds.row == material.train.row).all():
        raise InputError(
            "folds.parquet must list the rows of train.parquet, however: they differ. Run the "
            "split stage again"
        )
    folds = int(material.folds.fold.max()) + 1
    if (spec.folds or 1) > max(folds, 1):
        raise ConfigError(
            f"params.yaml: tune.folds must be at most {folds}, the folds of the train part "
            f"(split.folds), however: {spec.folds}"
        )
    reported = reported_metric(material.problem, material.target)
    valid = known_rows(material.valid, Head(material.target), "valid")
    material = replace(material, valid=valid)
    count = len(material.rows)
    if count == 0:
        raise InputError("split.folds must leave rows to train on in some fold, however: none has")
    which = directions(spec, reported.higher_is_better)
    with (
        journal.opened(path, which) as study,
        runner(material, min(spec.workers, spec.trials), spec.scheduler) as running,
    ):
        search = Search(study, space, spec, running, count)
        for _ in progress(search.run(), "tune", total=spec.trials, unit="trials"):
            pass
        rows = search.rows()
        stop_if_all_failed(rows)
        found = _judged(rows, spec, reported, _importance(study, space, rows))
        return found | _estimated(found, running, material, reported, spec)


def _judged(
    rows: Sequence[Row], spec: "TuneSpec", reported: "Metric", importance: Mapping[str, float]
) -> dict[str, Any]:
    """Return what the trials came to, without the held-back estimate."""
    complete = [row for row in rows if row.state == "complete"]
    pick = spec.goal.pick(complete, reported.higher_is_better)
    default = next((row for row in rows if row.is_default), None)
    winner = next((row for row in rows if row.number == pick.number), None)
    return {
        "metric": {"name": reported.name, "higher_is_better": reported.higher_is_better},
        "goal": spec.goal.model_dump(mode="json"),
        "seed": spec.seed,
        "trials": [_trial(row) for row in rows],
        "default": None if default is None else default.number,
        "winner": pick.number,
        "because": pick.because,
        "is_by_metric": pick.is_by_metric,
        "front": list(spec.goal.front(complete, reported.higher_is_better)),
        "importance": dict(importance),
        "changes": _changes(default, winner),
    }


def _trial(row: Row) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "is_default": row.is_default,
        "params": dict(row.params),
        "folds": list(row.folds),
        "value": row.score,
        "standard_error": row.standard_error,
        "cost": dict(row.cost),
        "reason": row.reason,
    }


def _changes(default: Row | None, winner: Row | None) -> list[dict[str, Any]]:
    """Return where the winner differs from params.yaml as it stands."""
    if default is None or winner is None:
        return []
    return [
        {"path": path, "from": default.params[path], "to": value}
        for path, value in winner.params.items()
        if value != default.params[path]
    ]


def _estimated(
    found: Mapping[str, Any],
    running: Here,
    material: Material,
    reported: "Metric",
    spec: "TuneSpec",
) -> dict[str, Any]:
    """Return the held-back estimate, and what all of it says in a sentence."""
    folds = {"count": len(material.rows), "stopped_apart": stops_apart(material.rows)}
    if found["winner"] is None:
        return {
            "folds": folds,
            "held_back": None,
            "sentence": f"Nothing to apply: {found['because']}.",
        }
    if not found["changes"]:
        said = (
            f"Nothing to apply: of {len(found['trials'])} trials params.yaml as it stands is best."
        )
        return {"folds": folds, "held_back": None, "sentence": said}
    values = {change["path"]: change["to"] for change in found["changes"]}
    estimate = held_back.held_back(running, material, values, reported, spec.seed)
    said = held_back.sentence(estimate, reported.name, is_for_metric=found["is_by_metric"])
    return {
        "folds": folds,
        "held_back": estimate,
        "sentence": f"{in_folds(found, spec.goal.costs())} {said}",
    }


def in_folds(found: Mapping[str, Any], costs: Sequence[str]) -> str:
    """Word why the winner was taken, and what it is in the folds and costs beside what was."""
    trials = {trial["number"]: trial for trial in found["trials"]}
    winner, default = trials[found["winner"]], trials[found["default"]]
    value, metric = default["value"], found["metric"]["name"]
    before = f"{value:.4g} as it was" if math.isfinite(value) else "no value as it was"
    parts = [f"{metric} {winner['value']:.4g} in the folds, {before}"]
    parts += [
        f"{name} {winner['cost'][name]:.3g}"
        + (f", {default['cost'][name]:.3g} as it was" if name in default["cost"] else "")
        for name in costs
    ]
    if found["is_by_metric"]:
        parts.append("being the best of many, it looks better there than it is")
    taken = f"Trial {found['winner']} of {len(trials)} wins ({found['because']})"
    return f"{taken}: {'; '.join(parts)}."


def _importance(study: "Study", space: Space, rows: Sequence[Row]) -> dict[str, float]:
    """Return each param's share in what the metric varies by (fANOVA, Hutter et al., 2014)."""
    values = [row.score for row in rows if row.state == "complete"]
    if len(values) < FEWEST_FOR_IMPORTANCE or len(space.axes) < 2 or len(set(values)) < 2:
        return {}
    import warnings

    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = get_param_importances(
            study,
            evaluator=FanovaImportanceEvaluator(seed=0),
            target=lambda trial: float(trial.values[0]),
        )
    return {axis.path: float(found.get(axis.path, 0.0)) for axis in space.axes}
