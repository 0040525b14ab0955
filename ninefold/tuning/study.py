"""The search: asks Optuna for configurations, has them trained fold by fold, writes all down.

The params as they stand are tried first. The sampler is seeded anew
for each trial by how many have ended, so that a study that was killed goes on as if it had not
been; with several trials under way at once it depends on which one ends first.
"""

import math
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ninefold.errors import ConfigError, InputError
from ninefold.tuning.goals import Row
from ninefold.tuning.journal import Direction
from ninefold.tuning.running import Here
from ninefold.tuning.space import Space, value_at
from ninefold.tuning.work import Done, Job, reason

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.pruners import BasePruner
    from optuna.trial import FrozenTrial

    from ninefold.tuning import TuneSpec

MOST_STARTS = 3
"""A trial during which the whole process ended so often is taken for the cause."""
WARM_FOLDS, WARM_TRIALS = 1, 5
"""Median pruning stops no trial in its first folds, nor before so many are complete."""


@dataclass
class _Running:
    """A trial under way."""

    trial: "Trial"
    values: Mapping[str, Any]
    is_default: bool
    folds: list[float] = field(default_factory=list)
    cost: Mapping[str, float] = field(default_factory=dict)
    is_suspect: bool = False
    """A process that worked on it has gone."""

    def row(self, state: Any, said: str = "") -> Row:
        """Return what is known of it."""
        return Row(-1, state, {}, self.is_default, tuple(self.folds), self.cost, said)


class Search:
    """Runs trials until there are enough of them; what a trial gives is written down at once."""

    def __init__(
        self, study: "Study", space: Space, spec: "TuneSpec", runner: Here, folds: int
    ) -> None:
        self.study, self.space, self.spec, self.runner, self.folds = (
            study,
            space,
            spec,
            runner,
            folds,
        )
        self._under_way: dict[Future[Done], _Running] = {}
        self._suspects: list[_Running] = []
        study.pruner = _pruner(spec, folds)
        _enqueue_default(study, space)
        _retry_interrupted(study, len(space.axes))

    def run(self) -> Iterator[None]:
        """Yield once for each trial that ends, those of earlier runs first.

        Raises:
            ConfigError: params.yaml as it stands cannot be trained at all.
        """
        start, begun = time.monotonic(), len(self.rows())
        yield from (None for _ in range(begun))
        while True:
            is_late = self.spec.timeout_s and time.monotonic() - start > self.spec.timeout_s
            while not is_late and begun < self.spec.trials and self._has_room():
                self._begin()
                begun += 1
            if self._suspects and not self._under_way:
                self._submit(self._suspects.pop(0))
            if not self._under_way:
                return
            done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: self._under_way[f].trial.number):
                if future in self._under_way and self._take(future):
                    yield

    def rows(self) -> list[Row]:
        """Return the trials that ended, in the order they began, at most as many as asked."""
        ended = [t for t in self.study.get_trials(deepcopy=False) if _has_ended(t)]
        found = [_row(n, trial, self.space) for n, trial in enumerate(ended)]
        return found[: self.spec.trials]

    def _has_room(self) -> bool:
        return not self._suspects and len(self._under_way) < self.runner.slots

    def _begin(self) -> None:
        self.study.sampler = _sampler(self.spec, len(self.rows()) + len(self._under_way))
        trial = self.study.ask()
        values = {axis.path: axis.suggest(trial) for axis in self.space.axes}
        is_default = bool(trial.user_attrs.get("is_default"))
        self._submit(_Running(trial, {} if is_default else values, is_default))

    def _submit(self, running: _Running) -> None:
        is_first = not running.folds
        job = Job(running.values, len(running.folds), is_first and self.spec.goal.needs_cost)
        self._under_way[self.runner.submit(job)] = running

    def _take(self, future: "Future[Done]") -> bool:
        """Go on with what one fold gave; tell whether the trial has ended."""
        running = self._under_way.pop(future)
        was_alone = not self._under_way
        try:
            done = future.result()
        except self.runner.lost as error:
            return self._lost(running, was_alone, error)
        except ConfigError as error:
            if running.is_default:
                raise
            return self._end(running, "failed", reason(error))
        except Exception as error:
            return self._end(running, "failed", reason(error))
        running.folds.append(done.score)
        running.cost = running.cost or done.cost
        score = running.row("complete").score
        if self.spec.goal.is_single and math.isfinite(score):
            running.trial.report(score, len(running.folds) - 1)
        if len(running.folds) == self.folds:
            if math.isnan(score):
                return self._end(running, "failed", "the metric has no value in any fold")
            return self._end(running, "complete")
        if self.spec.goal.is_single and running.trial.should_prune():
            said = f"others did better after {len(running.folds)} of {self.folds} folds"
            return self._end(running, "pruned", said)
        self._submit(running)
        return False

    def _lost(self, running: _Running, was_alone: bool, error: BaseException) -> bool:
        """Try those whose process has gone again, one at a time: one of them was the cause."""
        affected = [running, *self._under_way.values()]
        self._under_way.clear()
        self.runner.mend()
        if was_alone and running.is_suspect:
            said = f"its process ended, most likely out of memory ({type(error).__name__})"
            return self._end(running, "failed", said)
        for one in affected:
            one.is_suspect = True
        self._suspects += affected
        return False

    def _end(self, running: _Running, state: Any, said: str = "") -> bool:
        from optuna.trial import TrialState

        trial, row = running.trial, running.row(state, said)
        trial.set_user_attr("folds", [v if math.isfinite(v) else None for v in running.folds])
        trial.set_user_attr("cost", dict(running.cost))
        trial.set_user_attr("reason", said)
        if state == "complete":
            for name, excess in self.spec.goal.constraints(row).items():
                trial.set_constraint(name, excess)
            self.study.tell(trial, self.spec.goal.values(row))
        elif state == "pruned":
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.tell(trial, state=TrialState.FAIL)
        return True


def directions(spec: "TuneSpec", higher_is_better: bool) -> list[Direction]:
    """Return which way each of the goal's numbers is better."""
    first: Direction = "maximize" if higher_is_better else "minimize"
    return [first] if spec.goal.is_single else [first, "minimize"]


def _sampler(spec: "TuneSpec", ended: int) -> Any:
    import warnings

    import numpy as np
    from optuna.samplers import GPSampler, RandomSampler, TPESampler

    kinds = {"tpe": TPESampler, "gp": GPSampler, "random": RandomSampler}
    seed = int(np.random.SeedSequence([spec.seed, ended]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kinds[spec.sampler](seed=seed)


def _pruner(spec: "TuneSpec", folds: int) -> "BasePruner":
    from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

    if spec.pruner == "median":
        return MedianPruner(n_startup_trials=WARM_TRIALS, n_warmup_steps=WARM_FOLDS)
    if spec.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=max(folds, 1))
    return NopPruner()


def _enqueue_default(study: "Study", space: Space) -> None:
    """Have params.yaml as it stands tried first.

    Where the search could not reach one of its values, Optuna is told the nearest one it could.
    """
    if study.get_trials(deepcopy=False):
        return
    nearest = {a.path: a.nearest(value_at(space.settings, a.path)) for a in space.axes}
    study.enqueue_trial(nearest, user_attrs={"is_default": True})


def _retry_interrupted(study: "Study", axes: int) -> None:
    """Have trials tried again that were under way when an earlier run was killed."""
    from optuna.trial import TrialState

    trials = study.get_trials(deepcopy=False)
    retried = {trial.user_attrs.get("retries") for trial in trials}
    for trial in (t for t in trials if t.state == TrialState.RUNNING):
        starts = trial.user_attrs.get("starts", 1)
        is_default = bool(trial.user_attrs.get("is_default"))
        is_cause = starts >= MOST_STARTS
        given = trial.system_attrs.get("fixed_params") or trial.params
        if len(given) == axes and not is_cause and trial.number not in retried:
            again = {"retries": trial.number, "starts": starts + 1, "is_default": is_default}
            study.enqueue_trial(given, user_attrs=again)
        attributes = {"interrupted": not is_cause, "folds": [], "cost": {}}
        said = f"the process ended while it ran, {starts} times"
        _close(study, trial, attributes | {"reason": said})


def _close(study: "Study", trial: "FrozenTrial", attributes: Mapping[str, Any]) -> None:
    from optuna.trial import TrialState

    for name, value in attributes.items():
        study._storage.set_trial_user_attr(trial._trial_id, name, value)
    study.tell(trial.number, state=TrialState.FAIL)


def _has_ended(trial: "FrozenTrial") -> bool:
    return trial.state.is_finished() and not trial.user_attrs.get("interrupted")


def _row(number: int, trial: "FrozenTrial", space: Space) -> Row:
    from optuna.trial import TrialState

    states: dict[Any, Any] = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
    attributes = trial.user_attrs
    is_default = bool(attributes.get("is_default"))
    params = {axis.path: axis.decoded(trial.params.get(axis.path)) for axis in space.axes}
    return Row(
        number,
        states.get(trial.state, "failed"),
        space.current() if is_default else params,
        is_default,
        tuple(math.nan if value is None else value for value in attributes.get("folds", ())),
        attributes.get("cost", {}),
        attributes.get("reason", ""),
    )


def stop_if_all_failed(rows: list[Row]) -> None:
    """Raise `InputError` if no trial came to an end."""
    if not any(row.state == "complete" for row in rows):
        said = next((row.reason for row in rows if row.reason), "none was tried")
        raise InputError(f"a trial must complete, however: of {len(rows)} none did. First: {said}")
