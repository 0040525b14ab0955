"""embedding: rows as a few numbers; the code, the error and the row as it came back come out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from ninefold.aims import Peers, Settings, report_of
from ninefold.aims.anomaly import LOSS, Anomaly
from ninefold.training.under_way import NO_FILES, RunFiles

if TYPE_CHECKING:
    from ninefold.autoencoding.model import Reconstruction
    from ninefold.columns import Frame
    from ninefold.problem import ProblemSpec
    from ninefold.unlabelled.preparing import Prepared


class Embedding(Anomaly):
    """An AutoEncoder without a threshold, beside as many principal components."""

    task: ClassVar[str] = "embedding"
    about: ClassVar[str] = "rows squeezed into a few numbers"
    sections: ClassVar[tuple[str, ...]] = ("autoencoder",)
    draft: ClassVar[tuple[str, ...]] = (
        "autoencoder:",
        "  latent: null             # size of the code; default by principal components",
        "  sizes: []                # further sizes, for the picture of size against loss",
    )
    preprocess: ClassVar[str] = "{}"
    plots: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "Loss": LOSS,
        "Size of the code": {
            "template": "linear",
            "x": "latent",
            "y": {"reports/plots/sizes.csv": "principal_components"},
        },
    }

    def check(self, train: "Frame", problem: "ProblemSpec") -> None:
        return

    def fit(
        self, ready: "Prepared", settings: Settings, files: RunFiles = NO_FILES
    ) -> "Reconstruction":
        from ninefold.autoencoding.fitting import fit

        return fit(ready, settings["autoencoder"], files)

    def peers(self, ready: "Prepared", settings: Settings) -> Peers:
        from ninefold.autoencoding.fitting import linear

        found = {"principal_components": linear(ready, settings["autoencoder"])}
        return Peers(found, report_of(found, self.titles))

    def tables(self, content: Mapping[str, Any]) -> dict[str, tuple[list[str], list[list[Any]]]]:
        sizes = content["reconstruction"]["linear_sizes"]
        rows = [[item["latent"], item["valid_error"]] for item in sizes]
        return {"sizes": (["latent", "principal_components"], rows)}
