"""clustering: groups of rows that are alike; cluster and distances come out."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ninefold.aims import Aim, Peers, Settings, Tested
from ninefold.registry import components
from ninefold.training.under_way import NO_FILES, RunFiles

if TYPE_CHECKING:
    from ninefold.clustering.model import ClusterModel
    from ninefold.unlabelled.model import Model
    from ninefold.unlabelled.preparing import Prepared


class Clustering(Aim):
    """Finds clusters, says how many there are and how sure that is."""

    task: ClassVar[str] = "clustering"
    about: ClassVar[str] = "groups of rows that are alike"
    sections: ClassVar[tuple[str, ...]] = ("cluster",)
    titles: ClassVar[Mapping[str, str]] = {"unrefined": "clusters before they were refined"}
    asked: ClassVar[tuple[str, ...]] = ("train", "valid", "test")
    draft: ClassVar[tuple[str, ...]] = (
        "cluster:",
        "  algorithm: {kind: k_means}   # or gaussian_mixture, hdbscan",
        "  # encoder: {latent: 5}   # finds them among the codes of an AutoEncoder",
        "  # refine: {}             # deep embedded clustering after that",
        "  k: null                  # chosen by stability and silhouette; a number fixes it",
    )
    plots: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "Choice of k": {
            "template": "linear",
            "x": "k",
            "y": {"reports/plots/choice.csv": ["silhouette", "stability"]},
        },
        "Map": {
            "template": "scatter",
            "x": "first",
            "y": {"reports/plots/map.csv": "second"},
        },
    }

    def fit(
        self, ready: "Prepared", settings: Settings, files: RunFiles = NO_FILES
    ) -> "ClusterModel":
        from ninefold.clustering.fitting import fit

        return fit(ready, settings["cluster"], files)

    def peers(self, ready: "Prepared", settings: Settings) -> Peers:
        from ninefold.clustering.algorithms import AlgorithmSpec
        from ninefold.clustering.choosing import inside, mean_silhouette
        from ninefold.clustering.fitting import peers

        found = peers(ready, settings["cluster"])
        kinds = components("ninefold.clustering.algorithms", AlgorithmSpec)
        titles = {**self.titles} | {kind.model_fields["kind"].default: kind.title for kind in kinds}
        valid = ready.X_valid, ready.codes_valid
        entries = [
            {
                "name": name,
                "title": titles[name],
                "valid": {"silhouette": mean_silhouette(z, inside(model.clusters, z))},
                "k": model.clusters.k,
                "facts": dict(model.facts),
            }
            for name, model in found.items()
            for z in [model.scores(*valid).astype("float64")]
        ]
        known = [e for e in entries if e["valid"]["silhouette"] is not None]
        best = max(known, key=lambda e: e["valid"]["silhouette"], default=None)
        return Peers(
            found,
            {
                "metric": "silhouette",
                "higher_is_better": True,
                "best": best["name"] if best else None,
                "baselines": entries,
            },
        )

    def load(self, folder: Path) -> "ClusterModel":
        from ninefold.clustering.model import ClusterModel

        return ClusterModel.load(folder)

    def evaluate(self, model: "Model", tested: Tested) -> dict[str, Any]:
        from ninefold.clustering.evaluating import evaluate
        from ninefold.clustering.model import ClusterModel

        assert isinstance(model, ClusterModel)
        names = {
            part: {name: outputs[0] for name, outputs in models.items()}
            for part, models in tested.said.items()
        }
        content = evaluate(model, tested.parts, names, tested.problem, tested.spec, tested.titles)
        return content | {key: model.facts[key] for key in ("choice", "structure", "map")}

    def tables(self, content: Mapping[str, Any]) -> dict[str, tuple[list[str], list[list[Any]]]]:
        tried = (content["choice"] or {"tried": []})["tried"]
        keys = ["k", "silhouette", "stability"]
        return {
            "choice": (keys, [[item[key] for key in keys] for item in tried]),
            "map": (["first", "second", "cluster"], content["map"]["points"]),
        }
