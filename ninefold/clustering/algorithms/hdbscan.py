"""Dense regions of any shape, and rows that belong to none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.clustering.algorithms import AlgorithmSpec, Clusters, by_size
from ninefold.clustering.algorithms._euclid import distances, emit_distances
from ninefold.columns import Array, spread
from ninefold.errors import InputError

EXEMPLARS = 50
"""Most rows that stand for one cluster."""
MOST_ROWS = 20_000
"""Rows that are clustered at most, evenly spread: time grows with their square."""
REACH = 0.99
"""Share of a cluster's rows that lie within its radius."""


@dataclass(frozen=True)
class Exemplars(Clusters):
    """`points (E, D)` that stand for clusters, `owner (E,)` of each, `radius (K,)`.

    A row belongs to the cluster of the nearest exemplar if it lies within that cluster's radius,
    else to none. That is an approximation: HDBSCAN itself says nothing of new rows.
    """

    points: Array
    owner: Array
    radius: Array
    agrees: float = 1.0
    """Share of the train rows that get the cluster HDBSCAN itself gave them."""

    @property
    def notes(self) -> dict[str, Any]:
        return {"approximation": {"agrees": self.agrees}}

    @property
    def k(self) -> int:
        return len(self.radius)

    @property
    def names(self) -> tuple[str, ...]:
        return (*(str(number) for number in range(self.k)), "noise")

    def assign(self, z: Array) -> tuple[Array, Array, Array]:
        single = distances(z, self.points)
        found = np.stack([single[:, self.owner == c].min(axis=1) for c in range(self.k)], axis=1)
        codes, nearest = found.argmin(axis=1), np.sort(found, axis=1)
        beyond = nearest[:, 0] - self.radius[codes]
        near = np.abs(beyond)
        if self.k > 1:
            near = np.minimum(near, nearest[:, 1] - nearest[:, 0])
        return np.where(beyond > 0, self.k, codes), found, near

    def emit(self, graph: Any, z: str) -> tuple[str, str]:
        single = graph.Neg(emit_distances(graph, z, self.points))
        parts = [
            graph.ReduceMax(
                graph.Gather(single, np.flatnonzero(self.owner == c), axis=1), np.array([1])
            )
            for c in range(self.k)
        ]
        found = graph.Neg(graph.Concat(*parts, axis=1))
        codes = graph.ArgMin(found, axis=1, keepdims=0)
        nearest = graph.Neg(graph.ReduceMax(graph.Neg(found), np.array([1]), keepdims=0))
        is_beyond = graph.Greater(nearest, graph.Gather(graph.constant(self.radius), codes))
        return graph.Where(is_beyond, np.array(self.k), codes), found

    def arrays(self) -> dict[str, Array]:
        return {"points": self.points, "owner": self.owner, "radius": self.radius,
                "agrees": np.array([self.agrees])}  # fmt: skip

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> "Exemplars":
        return Exemplars(arrays["points"], arrays["owner"], arrays["radius"],
                         float(arrays["agrees"][0]))  # fmt: skip


class HdbscanSpec(AlgorithmSpec):
    """HDBSCAN (Campello, Moulavi and Sander 2013); new rows go to the nearest exemplar."""

    title: ClassVar[str] = "HDBSCAN"
    kind: Literal["hdbscan"] = "hdbscan"
    min_cluster_size: int | None = Field(default=None, ge=2)
    """Fewest rows of a cluster; default: 2 % of the train rows, at least 10."""
    min_samples: int | None = Field(default=None, ge=1)
    """Neighbours that make a place dense; default: 5."""
    needs_k: ClassVar[bool] = False
    clusters: ClassVar[type[Clusters]] = Exemplars

    def fit(self, z: Array, k: int, seed: int) -> Exemplars:
        """Find clusters. Raises `InputError` if there is none."""
        from sklearn.cluster import HDBSCAN

        if len(z) > MOST_ROWS:
            z = z[spread(len(z), MOST_ROWS)]
        least = self.min_cluster_size or max(10, len(z) // 50)
        found = HDBSCAN(min_cluster_size=least, min_samples=self.min_samples or 5, copy=True).fit(z)
        labels, count = found.labels_, int(found.labels_.max()) + 1
        if count < 1:
            raise InputError(
                f"cluster.algorithm hdbscan must find a dense region of at least {least} rows, "
                "however: there is none. Lower cluster.algorithm.min_cluster_size, or use k_means"
            )
        points, owner, radius = [], [], []
        order = by_size(labels, count)
        for number, old in enumerate(order.tolist()):
            members = labels == old
            dense = z[members & (found.probabilities_ >= np.median(found.probabilities_[members]))]
            chosen = _spread_out(dense, EXEMPLARS)
            points.append(chosen)
            owner.append(np.full(len(chosen), number))
            radius.append(np.quantile(distances(z[members], chosen).min(axis=1), REACH))
        fitted = Exemplars(np.concatenate(points), np.concatenate(owner), np.array(radius))
        wanted = np.full(len(z), count)
        wanted[labels >= 0] = np.argsort(order)[labels[labels >= 0]]
        return replace(fitted, agrees=float((fitted.assign(z)[0] == wanted).mean()))


def _spread_out(rows: Array, most: int) -> Array:
    """Return at most `most` of `rows (N, D)`, each as far from those before as can be."""
    first = int(((rows - rows.mean(axis=0)) ** 2).sum(axis=1).argmin())
    chosen, away = [first], ((rows - rows[first]) ** 2).sum(axis=1)
    while len(chosen) < most and away.max() > 0:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, ((rows - rows[chosen[-1]]) ** 2).sum(axis=1))
    return np.asarray(rows[chosen])
