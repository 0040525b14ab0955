"""What finds clusters; one file per algorithm."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ninefold.columns import Array
from ninefold.config import Spec


@dataclass(frozen=True)
class Clusters(ABC):
    """Fitted clusters: rows `z (N, D)` float64 -> cluster codes and distances to each of K.

    In numpy and, node for node, in ONNX: products with constant matrices only, so that a row's
    result does not depend on its neighbours.
    """

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the codes are called; those beyond K say that a row belongs to no cluster."""

    @property
    @abstractmethod
    def k(self) -> int:
        """Number of clusters."""

    @property
    def notes(self) -> dict[str, Any]:
        """What people should know of them beside the numbers."""
        return {}

    @abstractmethod
    def assign(self, z: Array) -> tuple[Array, Array, Array]:
        """Return codes `(N,)` int64, distances `(N, K)`, and how far from another code `(N,)`."""

    @abstractmethod
    def emit(self, graph: Any, z: str) -> tuple[str, str]:
        """Add the nodes and return codes `[N]` int64 and distances `[N, K]` double."""

    @abstractmethod
    def arrays(self) -> dict[str, Array]:
        """Return what was fitted."""

    @classmethod
    @abstractmethod
    def of(cls, arrays: Mapping[str, Array]) -> "Clusters":
        """Return what `arrays` was called on."""


class AlgorithmSpec(Spec, ABC):
    """One way to find clusters."""

    kind: str
    """Which way."""
    title: ClassVar[str]
    """What people call it."""
    needs_k: ClassVar[bool] = True
    """Whether it must be told the number of clusters."""
    clusters: ClassVar[type[Clusters]]
    """What it fits."""

    @abstractmethod
    def fit(self, z: Array, k: int, seed: int) -> Clusters:
        """Find (k) clusters in `z (N, D)` float64, the largest first. Raises `InputError`."""


def by_size(codes: Array, k: int) -> Array:
    """Return the clusters' old numbers `(k,)`, the largest first, the first found among equals."""
    import numpy as np

    counts = np.bincount(codes[codes >= 0], minlength=k)
    return np.argsort(-counts, kind="stable")


def margin(distances: Array) -> Array:
    """Return how much farther each row's second nearest is than its nearest `(N,)`."""
    import numpy as np

    if distances.shape[1] < 2:
        return np.full(len(distances), np.inf)
    nearest = np.partition(distances, 1, axis=1)
    return np.asarray(nearest[:, 1] - nearest[:, 0])
