"""Fits the network and every baseline on the same rows, and scores them on the same new ones."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

from ninefold.baselines import BaselinesSpec
from ninefold.baselines.base import BaselineSpec
from ninefold.baselines.comparing import Prepared, prepare
from ninefold.crossvalidation.rounds import Round
from ninefold.errors import InputError
from ninefold.evaluation.metrics import Metric
from ninefold.evaluation.part import known_rows, widened
from ninefold.head import Head
from ninefold.problem import ProblemSpec
from ninefold.progress import silent
from ninefold.target import Target
from ninefold.training import TrainSpec, fit
from ninefold.training.calibration import fit_head

if TYPE_CHECKING:
    from ninefold.preprocessing import PreprocessSpec
    from ninefold.sampling import Sampling

NETWORK = "network"


@dataclass(frozen=True)
class Settings:
    """All that decides how a model is made."""

    problem: ProblemSpec
    sampling: "Sampling"
    preprocess: "PreprocessSpec"
    train: TrainSpec
    baselines: BaselinesSpec


@dataclass(frozen=True)
class Score:
    """What one model came to: the reported metric (NaN: undefined), and CPU seconds of fitting."""

    value: float
    seconds: float
    reason: str | None = None


class Contestants(Protocol):
    """Who competes in rounds, the network and its baselines; sent to processes and clusters."""

    @property
    def reported(self) -> Metric:
        """The metric they are judged by."""

    def run(self, found: Round) -> dict[str, Score]:
        """Return the score of every model in a round, by name."""

    def against(self, rival: str) -> Self:
        """Return the same with one baseline alone."""


@dataclass(frozen=True)
class Contest:
    """Who competes, and by which metric; `target` is that of all train rows."""

    settings: Settings
    target: Target
    reported: Metric
    network: bool
    baselines: tuple[BaselineSpec, ...]

    def run(self, found: Round) -> dict[str, Score]:
        """Return the score of every model in a round, by name."""
        with silent():
            return dict(self._scores(found))

    def against(self, rival: str) -> Self:
        """Return the same with one baseline alone."""
        return replace(self, baselines=tuple(m for m in self.baselines if m.kind == rival))

    def _scores(self, found: Round) -> Iterator[tuple[str, Score]]:
        if self.network:
            yield NETWORK, self._network(found)
        started = time.process_time()
        ready = self._prepared(found)
        shared = (time.process_time() - started) / max(len(self.baselines), 1)
        for baseline in self.baselines:
            if ready is None:
                yield baseline.kind, Score(float("nan"), shared, "one class only to learn from")
                continue
            started = time.process_time()
            value = self._baseline(found, ready, baseline)
            yield baseline.kind, Score(value, shared + time.process_time() - started)

    def _network(self, found: Round) -> Score:
        given, started = self.settings, time.process_time()
        try:
            model = fit(
                found.fit,
                found.watch,
                given.problem,
                given.sampling,
                given.preprocess,
                given.train,
                fold=found.fold,
            )
        except InputError as error:
            return Score(float("nan"), time.process_time() - started, str(error))
        seconds = time.process_time() - started
        prediction = widened(model.predict(found.new), model.head.target, self.target)
        y = self.target.encode(found.new)
        return Score(self.reported.compute(y, prediction, None, model.head.cut), seconds)

    def _prepared(self, found: Round) -> Prepared | None:
        given = self.settings
        return prepare(
            found.fit,
            found.new,
            self.target,
            given.problem,
            given.sampling,
            given.preprocess,
            given.baselines.seed,
        )

    def _baseline(self, found: Round, ready: Prepared, baseline: BaselineSpec) -> float:
        given = self.settings.baselines
        fitted = ready.fit(baseline, given.seed)
        watch = known_rows(found.watch, Head(self.target), "valid")
        scores = fitted.scores(*ready.preprocessing.transform(watch))
        y = ready.target.encode(watch)
        head = fit_head(scores, y, ready.target, self.reported, given.calibrate, given.threshold)
        prediction = head.predict(ready.scores_new(fitted))
        return self.reported.compute(ready.y_new, prediction, None, head.cut)
