"""The network and its baselines on the rows of a fold, for tasks whose `Aim` is `Contested`."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from ninefold.aims import Contested
from ninefold.columns import Frame
from ninefold.crossvalidation.contest import NETWORK, Score
from ninefold.crossvalidation.rounds import Round
from ninefold.errors import InputError
from ninefold.evaluation.metrics import Metric
from ninefold.problem import ProblemSpec
from ninefold.progress import silent
from ninefold.unlabelled.preparing import Prepared, prepare

if TYPE_CHECKING:
    from ninefold.preprocessing import PreprocessSpec


@dataclass(frozen=True)
class AimContest:
    """Who competes: the network unless `network` is false, and the aim's peers, or one `rival`."""

    aim: Contested
    problem: ProblemSpec
    preprocess: "PreprocessSpec"
    settings: Mapping[str, Any]
    network: bool = True
    rival: str | None = None

    @property
    def reported(self) -> Metric:
        """The metric they are judged by."""
        return self.aim.reported(self.problem)

    def against(self, rival: str) -> Self:
        """Return the same with one baseline alone."""
        return replace(self, rival=rival)

    def run(self, found: Round) -> dict[str, Score]:
        """Return the score of every model in a round, by name."""
        with silent():
            return dict(self._scores(found))

    def _scores(self, found: Round) -> Iterator[tuple[str, Score]]:
        frames = [self.aim.rows(part) for part in (found.fit, found.watch, found.new)]
        started = time.process_time()
        ready = prepare(frames[0], frames[1], self.problem, self.preprocess)
        shared = time.process_time() - started
        settings = self._reseeded(found.fold)
        if self.network:
            yield NETWORK, self._network(ready, settings, frames[2], shared)
        wanted = [name for name in self.aim.rivals if self.rival in (None, name)]
        started = time.process_time()
        try:
            models = self.aim.peers(ready, settings).models
        except InputError as error:
            yield from ((name, Score(float("nan"), shared, str(error))) for name in wanted)
            return
        each = (shared + time.process_time() - started) / len(models)
        for name in wanted:
            yield name, Score(self.aim.score(models[name], frames[2], self.problem), each)

    def _network(
        self, ready: Prepared, settings: Mapping[str, Any], new: Frame, shared: float
    ) -> Score:
        started = time.process_time()
        try:
            model = self.aim.fit(ready, settings)
        except InputError as error:
            return Score(float("nan"), time.process_time() - started, str(error))
        seconds = shared + time.process_time() - started
        return Score(self.aim.score(model, new, self.problem), seconds)

    def _reseeded(self, fold: int) -> dict[str, Any]:
        """Return the settings with a seed of the fold's own, as folds differ by luck, too."""
        return {
            name: spec.model_copy(update={"seed": spec.seed + 1 + fold})
            if hasattr(spec, "seed")
            else spec
            for name, spec in self.settings.items()
        }
