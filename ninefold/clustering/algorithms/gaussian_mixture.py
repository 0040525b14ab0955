"""A mixture of normal distributions: clusters of different width and direction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.clustering.algorithms import AlgorithmSpec, Clusters, by_size
from ninefold.columns import Array

MANY_FEATURES = 20
"""Up to so many features, `auto` lets features vary together inside a cluster."""


@dataclass(frozen=True)
class Mixture(Clusters):
    """`means (K, D)`, `whitening (K, D, D)`, `offsets (K,)`: log weight and log determinant.

    A row belongs to the likeliest component; the distances are Mahalanobis's.
    """

    means: Array
    whitening: Array
    offsets: Array

    @property
    def k(self) -> int:
        return len(self.means)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(number) for number in range(self.k))

    @property
    def _turned(self) -> tuple[Array, Array]:
        """All whitening matrices side by side `(D, K·D)`, and the whitened means `(K·D,)`."""
        side_by_side = np.concatenate(list(self.whitening), axis=1)
        means = np.concatenate([m @ w for m, w in zip(self.means, self.whitening, strict=True)])
        return side_by_side, means

    def assign(self, z: Array) -> tuple[Array, Array, Array]:
        matrix, means = self._turned
        squares = ((z @ matrix - means) ** 2).reshape(len(z), self.k, -1).sum(axis=2)
        likely = self.offsets - 0.5 * squares
        ordered = np.sort(likely, axis=1)
        near = ordered[:, -1] - ordered[:, -2] if self.k > 1 else np.full(len(z), np.inf)
        near = near / np.maximum(1.0, np.abs(ordered[:, -1]))
        return likely.argmax(axis=1), np.sqrt(squares), near

    def emit(self, graph: Any, z: str) -> tuple[str, str]:
        matrix, means = self._turned
        turned = graph.Sub(graph.MatMul(z, matrix), means)
        adds = np.kron(np.eye(self.k), np.ones((self.means.shape[1], 1)))
        squares = graph.MatMul(graph.Mul(turned, turned), adds)
        likely = graph.Add(graph.Mul(squares, -0.5), self.offsets)
        return graph.ArgMax(likely, axis=1, keepdims=0), graph.Sqrt(squares)

    def arrays(self) -> dict[str, Array]:
        return {"means": self.means, "whitening": self.whitening, "offsets": self.offsets}

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> "Mixture":
        return Mixture(arrays["means"], arrays["whitening"], arrays["offsets"])


class GaussianMixtureSpec(AlgorithmSpec):
    """Gaussian mixture, fitted by expectation and maximisation (Dempster, Laird and Rubin 1977)."""

    title: ClassVar[str] = "Gaussian mixture"
    kind: Literal["gaussian_mixture"] = "gaussian_mixture"
    covariance: Literal["auto", "full", "diag"] = "auto"
    """full: features may vary together inside a cluster; diag: each by itself; auto: full up to 20
    features."""
    least_variance: float = Field(default=1e-3, gt=0, le=1)
    """Added to every variance, so that no cluster shrinks to a point."""
    clusters: ClassVar[type[Clusters]] = Mixture

    def fit(self, z: Array, k: int, seed: int) -> Mixture:
        """Fit k components."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        few = z.shape[1] <= MANY_FEATURES
        kind = self.covariance if self.covariance != "auto" else "full" if few else "diag"
        model = GaussianMixture(
            k, covariance_type=kind, reg_covar=self.least_variance, random_state=seed, max_iter=200
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(z)
        order = by_size(model.predict(z), k)
        root = model.precisions_cholesky_[order]
        whitening = root if kind == "full" else np.stack([np.diag(row) for row in root])
        logs = np.log(np.diagonal(whitening, axis1=1, axis2=2)).sum(axis=1)
        return Mixture(model.means_[order], whitening, np.log(model.weights_[order]) + logs)
