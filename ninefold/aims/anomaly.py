"""anomaly: rows unlike the others; alarm, error and the row as it came back come out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ninefold.aims import Aim, Peers, Settings, Tested, report_of
from ninefold.training.under_way import NO_FILES, RunFiles

if TYPE_CHECKING:
    from ninefold.autoencoding.model import Reconstruction
    from ninefold.columns import Frame
    from ninefold.diagnosis import Case
    from ninefold.problem import ProblemSpec
    from ninefold.unlabelled.model import Model
    from ninefold.unlabelled.preparing import Prepared

LOSS: Mapping[str, Any] = {
    "template": "linear",
    "x": "epoch",
    "y": {"models/network/history.csv": ["train_loss", "valid_loss"]},
    "y_label": "loss",
}


class Anomaly(Aim):
    """An AutoEncoder with a threshold, beside principal components and an isolation forest."""

    task: ClassVar[str] = "anomaly"
    about: ClassVar[str] = "rows unlike the others"
    is_diagnosed: ClassVar[bool] = True
    sections: ClassVar[tuple[str, ...]] = ("autoencoder", "anomaly")
    draft: ClassVar[tuple[str, ...]] = (
        "autoencoder:",
        "  latent: null             # size of the bottleneck; default by principal components",
        "  noise: 0.3               # denoising; variational: true draws codes",
        "anomaly:",
        "  alarm_rate: 0.01         # share of ordinary rows that may raise an alarm",
    )
    titles: ClassVar[Mapping[str, str]] = {
        "isolation_forest": "isolation forest",
        "principal_components": "principal components",
    }
    preprocess: ClassVar[str] = (
        "{number: {scale: standard, clip: none}}   # what lies far out stays far out"
    )
    plots: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "Loss": LOSS,
        "Errors": {
            "template": "simple",
            "x": "log10_score",
            "y": {"reports/plots/errors.csv": "rows"},
        },
    }

    def check(self, train: "Frame", problem: "ProblemSpec") -> None:
        from ninefold.autoencoding.evaluating import positives

        positives(train, problem, train)

    def fit(
        self, ready: "Prepared", settings: Settings, files: RunFiles = NO_FILES
    ) -> "Reconstruction":
        from ninefold.autoencoding.fitting import fit, told_apart

        model = fit(ready, settings["autoencoder"], files, for_anomalies=True)
        return told_apart(model, ready, settings["anomaly"])

    def peers(self, ready: "Prepared", settings: Settings) -> Peers:
        from ninefold.autoencoding.fitting import linear, told_apart
        from ninefold.autoencoding.isolation import fit_forest

        spec, chosen = settings["autoencoder"], settings["anomaly"]
        twin = told_apart(linear(ready, spec, for_anomalies=True), ready, chosen)
        forest = fit_forest(
            ready, spec.seed, chosen.alarm_rate, on_valid=chosen.threshold_on == "valid"
        )
        found: dict[str, Model] = {"isolation_forest": forest, "principal_components": twin}
        return Peers(found, report_of(found, self.titles))

    def case(self, model: "Model", ready: "Prepared") -> "Case":
        from ninefold.autoencoding.diagnosing import case_of
        from ninefold.autoencoding.model import Reconstruction

        assert isinstance(model, Reconstruction)
        return case_of(model, ready)

    def load(self, folder: Path) -> "Reconstruction":
        from ninefold.autoencoding.model import Reconstruction

        return Reconstruction.load(folder)

    def evaluate(self, model: "Model", tested: Tested) -> dict[str, Any]:
        from ninefold.autoencoding.evaluating import evaluate
        from ninefold.autoencoding.model import Reconstruction

        assert isinstance(model, Reconstruction)
        return evaluate(
            model, tested.parts, tested.said, tested.problem, tested.spec, tested.titles
        )

    def tables(self, content: Mapping[str, Any]) -> dict[str, tuple[list[str], list[list[Any]]]]:
        found = content["errors"]
        counts = zip(found["edges"], found["ordinary"], strict=False)
        return {"errors": (["log10_score", "rows"], [[edge, count] for edge, count in counts])}
