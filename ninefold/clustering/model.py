"""Clusters behind their preprocessing: raw rows in, cluster and distances out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ninefold.clustering.algorithms import AlgorithmSpec, Clusters
from ninefold.columns import Array
from ninefold.errors import InputError
from ninefold.registry import components
from ninefold.signature import Result
from ninefold.unlabelled.model import Answer, RowModel, load_parts
from ninefold.unlabelled.space import widen, widening


@dataclass
class ClusterModel(RowModel):
    """`clusters` found among coordinates that are multiplied by `weights (D,)`."""

    clusters: Clusters = field(kw_only=True)
    weights: Array = field(kw_only=True)

    @property
    def results(self) -> tuple[Result, ...]:
        """The cluster's name, and the distance to each cluster."""
        names = self.clusters.names[: self.clusters.k]
        return Result("cluster", "text"), Result("distances", "numbers", names, "distance")

    def scores(self, X: Array, codes: Array) -> Array:
        return widen(X, codes, self.preprocessing.layout, self.weights)

    def answers(self, scores: Array) -> list[Answer]:
        codes, distances, margin = self.clusters.assign(scores.astype(np.float64))
        names = np.asarray(self.clusters.names, dtype=object)
        unit = float(self.facts.get("unit", 1.0))
        return [Answer(names[codes], margin=margin), Answer(distances, unit)]

    def net(self) -> Any:
        return widening(self.preprocessing.layout, self.weights)

    def emit(self, graph: Any, scores: str, names: Sequence[str] | None = None) -> None:
        cluster, distances = names or self.outputs
        code, found = self.clusters.emit(graph, graph.cast(scores, np.float64))
        label = graph.Gather(graph.constant(list(self.clusters.names)), code)
        graph.output(cluster, label, object, ("N",))
        graph.output(distances, found, np.float64, ("N", self.clusters.k))

    def arrays(self) -> dict[str, Array]:
        return {**self.clusters.arrays(), "weights": self.weights}

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
        return ClusterModel(preprocessing, facts, clusters=clusters, weights=weights)
