"""tagging: a label for each step of a sequence; labels and probabilities come out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ninefold.aims import Contested, Peers, Settings, Tested, report_of
from ninefold.aims.anomaly import LOSS
from ninefold.errors import ConfigError
from ninefold.training.under_way import NO_FILES, RunFiles

if TYPE_CHECKING:
    from ninefold.columns import Frame
    from ninefold.diagnosis import Case
    from ninefold.evaluation.metrics import Metric
    from ninefold.problem import ProblemSpec
    from ninefold.tagging.model import TagModel
    from ninefold.unlabelled.model import Model
    from ninefold.unlabelled.preparing import Prepared


class Tagging(Contested):
    """A recurrent network beside a linear model of neighbouring steps and the commonest label."""

    task: ClassVar[str] = "tagging"
    about: ClassVar[str] = "a label for each step of a sequence"
    sections: ClassVar[tuple[str, ...]] = ("tag",)
    rivals: ClassVar[tuple[str, ...]] = ("most_frequent", "linear")
    titles: ClassVar[Mapping[str, str]] = {
        "most_frequent": "the commonest label",
        "linear": "linear model of neighbouring steps",
    }
    draft: ClassVar[tuple[str, ...]] = (
        "tag:",
        "  bidirectional: true      # false: a label depends on no later step",
        "  hidden_size: 64",
        "crossvalidate: {}",
    )
    plots: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "Loss": LOSS,
        "Confusion": {
            "template": "confusion_normalized",
            "x": "actual",
            "y": {"reports/plots/confusion.csv": "predicted"},
        },
    }

    def check(self, train: "Frame", problem: "ProblemSpec") -> None:
        from ninefold.tagging.labels import names_of, read_labels

        self.reported(problem)
        names_of(read_labels(train, problem))

    def reported(self, problem: "ProblemSpec") -> "Metric":
        from ninefold.evaluation.metrics import metric
        from ninefold.tagging import METRICS

        if problem.metric not in (None, *METRICS):
            raise ConfigError(
                f"params.yaml: problem.metric must be one of {', '.join(METRICS)} for tagging, "
                f"however: {problem.metric}"
            )
        return metric(problem.metric or METRICS[0])

    def score(self, model: "Model", frame: "Frame", problem: "ProblemSpec") -> float:
        from ninefold.tagging.evaluating import score
        from ninefold.tagging.model import TagModel

        assert isinstance(model, TagModel)
        return score(model, frame, problem, self.reported(problem).name)

    def case(self, model: "Model", ready: "Prepared") -> "Case":
        from ninefold.tagging.diagnosing import case_of
        from ninefold.tagging.model import TagModel

        assert isinstance(model, TagModel)
        return case_of(model, ready.frames, ready.problem, self.reported(ready.problem))

    def fit(self, ready: "Prepared", settings: Settings, files: RunFiles = NO_FILES) -> "TagModel":
        from ninefold.tagging.fitting import fit

        return fit(ready, ready.problem, settings["tag"], files)

    def peers(self, ready: "Prepared", settings: Settings) -> Peers:
        from ninefold.tagging.fitting import peers

        found = peers(ready, ready.problem, settings["tag"])
        return Peers(found, report_of(found, self.titles))

    def load(self, folder: Path) -> "TagModel":
        from ninefold.tagging.model import TagModel

        return TagModel.load(folder)

    def evaluate(self, model: "Model", tested: Tested) -> dict[str, Any]:
        from ninefold.tagging.evaluating import Judging, evaluate
        from ninefold.tagging.model import TagModel

        assert isinstance(model, TagModel)
        metric = self.reported(tested.problem)
        judging = Judging(
            tested.problem, tested.spec, metric, tested.folds, tested.cost, tested.titles
        )
        return evaluate(model, tested.parts, tested.said, judging)

    def tables(self, content: Mapping[str, Any]) -> dict[str, tuple[list[str], list[list[Any]]]]:
        names = content["classes"]
        rows = [
            [actual, said]
            for actual, counts in zip(names, content["confusion"], strict=True)
            for said, count in zip(names, counts, strict=True)
            for _ in range(int(count))
        ]
        return {"confusion": (["actual", "predicted"], rows)}
