"""What is computed for a trial, in this process, in one of its own, or on a Dask worker."""

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ninefold.columns import Array, Frame
from ninefold.errors import InputError, ran_out_of_memory
from ninefold.evaluation.metrics import reported_metric
from ninefold.evaluation.part import widened
from ninefold.problem import ProblemSpec
from ninefold.progress import silent
from ninefold.splitting import Folds
from ninefold.target import Cut, Target
from ninefold.tuning.space import Dimension, Settings, Space

_alone = threading.Lock()
"""torch's random state belongs to the process: a worker with several threads trains in one."""


@dataclass(frozen=True)
class Rows:
    """Positions in the train part: fitted on, stopped by, and judged on."""

    fit: Array
    stop: Array
    judge: Array


@dataclass(frozen=True)
class Material:
    """All that trials share. The test part is none of it.

    train: what folds are made of. valid: for the held-back estimate only; no trial sees it.
    """

    train: Frame
    valid: Frame
    folds: Folds
    problem: ProblemSpec
    settings: Settings
    featurize: bytes
    most_folds: int | None = None
    space: Mapping[str, Dimension] = field(default_factory=dict)

    @cached_property
    def target(self) -> Target:
        """The target of all train rows; a fold may lack some of its classes."""
        return Target.fit(self.train, self.problem)

    @cached_property
    def rows(self) -> list[Rows]:
        """The rows of each fold that is trained in."""
        return fold_rows(self.folds)[-(self.most_folds or 0) :]


@dataclass(frozen=True)
class Job:
    """One network to train: `values` by path, in the fold at a position.

    Without values it is trained as params.yaml has it.
    """

    values: Mapping[str, Any]
    fold: int
    needs_cost: bool = False
    is_held_back: bool = False


@dataclass(frozen=True)
class Done:
    """What a job gave: the metric on the judged rows, costs, or predictions for the valid part."""

    score: float
    cost: Mapping[str, float] = field(default_factory=dict)
    prediction: Array | None = None
    threshold: Cut = 0.5


def fold_rows(folds: Folds) -> list[Rows]:
    """Return for each fold the rows to fit on, to stop by and to judge on, disjoint.

    A fold inside the rows to fit on decides when to stop, by the folds' own rules (purged, never
    later ones first). Where no fold has one, the judged rows do, which flatters all trials alike.
    """
    found = []
    for number, (fit, judge) in enumerate(folds.pairs()):
        inner = list(_inside(folds, fit).pairs())
        if inner:
            chosen = inner[-1 if folds.scheme == "expanding" else number % len(inner)]
            found.append(Rows(fit[chosen[0]], fit[chosen[1]], judge))
    return found or [Rows(fit, judge, judge) for fit, judge in folds.pairs()]


def stops_apart(rows: list[Rows]) -> bool:
    """Tell whether training is stopped by other rows than those it is judged on."""
    return all(item.stop is not item.judge for item in rows)


def _inside(folds: Folds, fit: Array) -> Folds:
    start, end = (None if part is None else part[fit] for part in (folds.start, folds.end))
    return Folds(folds.row[fit], folds.fold[fit], folds.scheme, start, end, folds.embargo)


def work(material: Material, job: Job) -> Done:
    """Train one network in one fold and judge it.

    Raises:
        InputError: training diverges, or the fold cannot be learnt from.
        ConfigError: the values do not go together.
    """
    with _alone, silent():
        return _work(material, job)


def _work(material: Material, job: Job) -> Done:
    from ninefold.training import fit

    specs = Space((), material.settings).with_values(job.values)
    rows, train = material.rows[job.fold], material.train
    model = fit(
        train.take(rows.fit),
        train.take(rows.stop),
        material.problem,
        specs["sampling"],
        specs["preprocess"],
        specs["train"],
        fold=job.fold,
    )
    target, own, threshold = material.target, model.head.target, model.head.cut
    if job.is_held_back:
        prediction = widened(model.predict(material.valid), own, target)
        return Done(math.nan, prediction=prediction, threshold=threshold)
    judged = train.take(rows.judge)
    prediction = widened(model.predict(judged), own, target)
    reported = reported_metric(material.problem, target)
    score = reported.compute(target.encode(judged), prediction, None, threshold)
    cost = {}
    if job.needs_cost:
        from ninefold.tuning.cost import measure

        cost = measure(model, material.featurize, judged)
    return Done(score, cost)


def reason(error: BaseException) -> str:
    """Return why a trial failed, in one line."""
    said = " ".join(str(error).split())
    if ran_out_of_memory(error):
        return f"out of memory: {said}" if said else "out of memory"
    return said if isinstance(error, InputError) else f"{type(error).__name__}: {said}"
