"""Clusters behind their preprocessing: raw rows in, cluster and distances out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.clustering.algorithms import AlgorithmSpec, Clusters
from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.graph import Graph
from ninefold.registry import components
from ninefold.signature import Result
from ninefold.unlabelled.model import Answer, RowModel, load_parts
from ninefold.unlabelled.space import widen, widening
from ninefold.unlabelled.steps import Layers, read_layers


@dataclass
class ClusterModel(RowModel):
    """`clusters` found among coordinates that are multiplied by `weights (D,)`; or, behind an
    `encoder`, among its codes, multiplied by `scale (Z,)`.
    """

    clusters: Clusters = field(kw_only=True)
    weights: Array = field(kw_only=True)
    encoder: Layers | None = field(default=None, kw_only=True)
    scale: Array = field(default_factory=lambda: np.ones(0, dtype=np.float32), kw_only=True)

    @property
    def results(self) -> tuple[Result, ...]:
        """The cluster's name, and the distance to each cluster."""
        names = self.clusters.names[: self.clusters.k]
        return Result("cluster", "text"), Result("distances", "numbers", names, "distance")

    def scores(self, X: Array, codes: Array) -> Array:
        wide = widen(X, codes, self.preprocessing.layout, self.weights)
        if self.encoder is None:
            return wide
        return np.asarray(self.encoder.compute(wide)[:, : len(self.scale)] * self.scale)

    def answers(self, scores: Array) -> list[Answer]:
        codes, distances, margin = self.clusters.assign(scores.astype(np.float64))
        names = np.asarray(self.clusters.names, dtype=object)
        unit = float(self.facts.get("unit", 1.0))
        return [Answer(names[codes], margin=margin), Answer(distances, unit)]

    def net(self) -> Any:
        layout = self.preprocessing.layout
        if self.encoder is None:
            return widening(layout, self.weights)
        graph = Graph("net")
        X = graph.input("X", np.float32, ("N", len(layout.features)))
        codes = graph.input("codes", np.int64, ("N", len(layout.codes)))
        wide = graph.inline(widening(layout, self.weights), {"X": X, "codes": codes})["scores"]
        found = self.encoder.emit(graph, wide)
        if self.encoder.widths[-1] != len(self.scale):
            found = graph.Gather(found, np.arange(len(self.scale)), axis=1)
        scores = graph.Mul(found, self.scale)
        graph.output("scores", scores, np.float32, ("N", len(self.scale)))
        return graph.model()

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        cluster, distances = names or self.outputs
        code, found = self.clusters.emit(graph, graph.cast(scores, np.float64))
        label = graph.Gather(graph.constant(list(self.clusters.names)), code)
        graph.output(cluster, label, object, ("N",))
        graph.output(distances, found, np.float64, ("N", self.clusters.k))

    def arrays(self) -> dict[str, Array]:
        found = {**self.clusters.arrays(), "weights": self.weights}
        if self.encoder is not None:
            found |= {**self.encoder.arrays("encoder"), "scale": self.scale}
        return found

    @staticmethod
    def load(folder: Path) -> "ClusterModel":
        """Read what `save` wrote. Raises `InputError`."""
        preprocessing, arrays, facts = load_parts(folder)
        specs = {
            spec.model_fields["kind"].default: spec
            for spec in components("ninefold.clustering.algorithms", AlgorithmSpec)
        }
        try:
            clusters = specs[facts["algorithm"]].clusters.of(arrays)
            weights = arrays["weights"]
        except KeyError as error:
            raise InputError(
                f"{folder} must hold clusters, however: {error} is missing. Run the train stage "
                "again"
            ) from None
        model = ClusterModel(preprocessing, facts, clusters=clusters, weights=weights)
        if "scale" in arrays:
            model.encoder, model.scale = read_layers(arrays, "encoder"), arrays["scale"]
        return model
