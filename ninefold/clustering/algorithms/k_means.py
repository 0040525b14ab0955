"""Centres that every row lies near to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.clustering.algorithms import AlgorithmSpec, Clusters, by_size, margin
from ninefold.clustering.algorithms._euclid import distances, emit_distances
from ninefold.columns import Array


@dataclass(frozen=True)
class Centres(Clusters):
    """`centres (K, D)`; a row belongs to the nearest."""

    centres: Array

    @property
    def k(self) -> int:
        return len(self.centres)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(number) for number in range(self.k))

    def assign(self, z: Array) -> tuple[Array, Array, Array]:
        found = distances(z, self.centres)
        return found.argmin(axis=1), found, margin(found)

    def emit(self, graph: Any, z: str) -> tuple[str, str]:
        found = emit_distances(graph, z, self.centres)
        return graph.ArgMin(found, axis=1, keepdims=0), found

    def arrays(self) -> dict[str, Array]:
        return {"centres": self.centres}

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> "Centres":
        return Centres(arrays["centres"])


class KMeansSpec(AlgorithmSpec):
    """k-means with several starts (Lloyd 1982; k-means++, Arthur and Vassilvitskii 2007)."""

    title: ClassVar[str] = "k-means"
    kind: Literal["k_means"] = "k_means"
    starts: int = Field(default=4, ge=1, le=100)
    """Starts from other points; the tightest result counts."""
    clusters: ClassVar[type[Clusters]] = Centres

    def fit(self, z: Array, k: int, seed: int) -> Centres:
        """Find k centres."""
        import warnings

        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # rows that are alike
            found = KMeans(k, n_init=self.starts, random_state=seed).fit(z)
        return Centres(found.cluster_centers_[by_size(found.labels_, k)].astype(np.float64))
