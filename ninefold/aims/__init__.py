"""What a task that learns no target asks of the stages after the split; one file per task.

`classification` and `regression` have their own path; every other task is an `Aim`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ninefold.errors import ConfigError
from ninefold.registry import components
from ninefold.training.under_way import NO_FILES, RunFiles

if TYPE_CHECKING:
    from ninefold.columns import Frame
    from ninefold.diagnosis import Case
    from ninefold.evaluation import EvaluateSpec
    from ninefold.evaluation.metrics import Metric
    from ninefold.problem import ProblemSpec
    from ninefold.unlabelled.model import Model
    from ninefold.unlabelled.preparing import Prepared

Settings = Mapping[str, Any]
"""Section of params.yaml -> its Spec."""


@dataclass(frozen=True)
class Peers:
    """What a model is measured against: `models` by name, `report` is reports/baselines.json."""

    models: "Mapping[str, Model]"
    report: dict[str, Any]


@dataclass(frozen=True)
class Tested:
    """What a model is measured on, and by what."""

    parts: "Mapping[str, Frame]"
    """The train, valid and test rows."""
    said: Mapping[str, Mapping[str, list[Any]]]
    """Part -> baseline -> the outputs of its file, in order; the parts are those of `Aim.asked`."""
    problem: "ProblemSpec"
    spec: "EvaluateSpec"
    folds: Mapping[str, Any] = field(default_factory=dict)
    """reports/folds.json, where folds were played."""
    cost: Mapping[str, Any] = field(default_factory=dict)
    """What the models of a contest cost."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """What people call the baselines."""


def report_of(found: "Mapping[str, Model]", titles: Mapping[str, str]) -> dict[str, Any]:
    """Return reports/baselines.json: what every peer has to tell of itself."""
    return {
        "metric": None,
        "higher_is_better": True,
        "best": None,
        "baselines": [
            {"name": name, "title": titles[name], "valid": {}, "facts": dict(model.facts)}
            for name, model in found.items()
        ],
    }


class Aim(ABC):
    """One task: what is fitted, what it is compared with, and how it is measured."""

    task: ClassVar[str]
    about: ClassVar[str]
    """What it does, for `ninefold init`."""
    sections: ClassVar[tuple[str, ...]]
    """Sections of params.yaml that baselines and train read beside problem and preprocess."""
    draft: ClassVar[tuple[str, ...]]
    """Lines of a new params.yaml for those sections."""
    titles: ClassVar[Mapping[str, str]]
    """What people call the models of `peers`, by name."""
    asked: ClassVar[tuple[str, ...]] = ("valid", "test")
    """The parts of which `Tested.said` says what baselines make."""
    preprocess: ClassVar[str] = "{}"
    """The section preprocess of a new params.yaml."""
    is_diagnosed: ClassVar[bool] = False
    """Whether the train stage writes reports/diagnosis.json."""
    plots: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What dvc.yaml holds under `plots`, by title."""

    def rows(self, frame: "Frame") -> "Frame":
        """Return the columns that a model is fitted on."""
        return frame

    def check(self, train: "Frame", problem: "ProblemSpec") -> None:
        """Raise `InputError` or `ConfigError` for what would only be found after fitting."""
        return

    @abstractmethod
    def fit(self, ready: "Prepared", settings: Settings, files: RunFiles = NO_FILES) -> "Model":
        """Fit the model on the train rows; a run that was killed goes on from `files`.

        Raises `InputError`, `ConfigError`.
        """

    @abstractmethod
    def peers(self, ready: "Prepared", settings: Settings) -> Peers:
        """Fit the baselines on the train rows."""

    @abstractmethod
    def load(self, folder: Path) -> "Model":
        """Read what `Model.save` wrote. Raises `InputError`."""

    @abstractmethod
    def evaluate(self, model: "Model", tested: Tested) -> dict[str, Any]:
        """Return what reports/evaluation.json says."""

    def diagnosis(self, model: "Model", ready: "Prepared") -> dict[str, Any]:
        """Return reports/diagnosis.json of a model that has just been fitted on these rows."""
        from ninefold.diagnosis import diagnose

        return diagnose(self.case(model, ready))

    def case(self, model: "Model", ready: "Prepared") -> "Case":
        """Return what such a model lets the symptoms of training look at."""
        raise NotImplementedError(f"{self.task} has no diagnosis of training")

    def tables(self, content: Mapping[str, Any]) -> dict[str, tuple[list[str], list[list[Any]]]]:
        """Return file stem -> header and rows of the CSV files that `plots` draws."""
        return {}


class Contested(Aim):
    """A task whose network and baselines meet on folds too."""

    is_diagnosed: ClassVar[bool] = True
    rivals: ClassVar[tuple[str, ...]]
    """Names of the baselines that `peers` gives."""

    @abstractmethod
    def reported(self, problem: "ProblemSpec") -> "Metric":
        """Return the metric by which they are judged. Raises `ConfigError`."""

    @abstractmethod
    def score(self, model: "Model", frame: "Frame", problem: "ProblemSpec") -> float:
        """Return that metric of a model on rows; NaN where it is undefined."""


def aims() -> dict[str, Aim]:
    """Return every aim by its task."""
    found = [kind() for kind in components("ninefold.aims", Aim)]
    return {aim.task: aim for aim in found}


def aim_of(task: str) -> Aim:
    """Return the aim of a task. Raises `ConfigError` for a task that learns a target."""
    found = aims()
    if task not in found:
        raise ConfigError(
            f"params.yaml: problem.task must be one of {', '.join(sorted(found))} for the stages "
            f"of this dvc.yaml, however: {task}. Draft a workspace for it with `ninefold init`"
        )
    return found[task]
