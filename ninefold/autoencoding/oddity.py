"""How unusual a row is: what does not come back of it, and its code, against the train rows'.

A column that always comes back badly has little say and one that nearly always comes back has much;
a row far out along the code is unusual though it comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array

NAME = "anomaly_score"
FLOOR = 0.05
"""Least variance, as a share of the mean variance."""


@dataclass(frozen=True)
class Distance:
    """Mean square of how many standard deviations rows are away from `mean (W,)`.

    `root` divides by them: `(W,)` each number by its own, `(W, W)` along the directions in which
    the numbers vary (Mahalanobis).
    """

    mean: Array
    root: Array

    @staticmethod
    def fit(rows: Array, *, is_full: bool) -> "Distance":
        """Fit on `rows (n, W)`; covariances are shrunk as Ledoit and Wolf (2004) have it."""
        rows = rows.astype(np.float64)
        mean, variance = rows.mean(axis=0), rows.var(axis=0)
        least = FLOOR * float(variance.mean()) or 1.0
        if not is_full:
            return Distance(mean, 1 / np.sqrt(np.maximum(variance, least)))
        from sklearn.covariance import ledoit_wolf

        covariance = np.asarray(ledoit_wolf(rows)[0]).reshape(len(mean), len(mean))
        values, axes = np.linalg.eigh(covariance)
        return Distance(mean, axes / np.sqrt(np.maximum(values, least)))

    def of(self, rows: Array) -> Array:
        """Return the distances `(N,)` of `rows (N, W)`."""
        apart = rows.astype(np.float64) - self.mean
        wide = apart @ self.root if self.root.ndim == 2 else apart * self.root
        return np.asarray((wide**2).mean(axis=1))

    def emit(self, graph: Any, rows: str) -> str:
        """Add the nodes; `rows` is double `[N, W]`. Returns double `[N]`."""
        width = len(self.mean)
        if self.root.ndim == 2:
            wide = graph.Gemm(rows, self.root, -self.mean @ self.root)
        else:
            wide = graph.Mul(graph.Sub(rows, self.mean), self.root)
        mean = graph.MatMul(graph.Mul(wide, wide), np.full((width, 1), 1.0 / width))
        return str(graph.Squeeze(mean, np.array([1])))


@dataclass(frozen=True)
class Oddity:
    """The distance of what did not come back, plus that of the code."""

    apart: Distance
    code: Distance

    @staticmethod
    def fit(apart: Array, code: Array) -> "Oddity":
        """Fit on what did not come back of the train rows, `(n, D)`, and their codes, `(n, Z)`."""
        return Oddity(Distance.fit(apart, is_full=False), Distance.fit(code, is_full=True))

    def of(self, apart: Array, code: Array) -> Array:
        """Return how unusual rows are, `(N,)`: about 2 for ordinary ones."""
        return np.asarray(self.apart.of(apart) + self.code.of(code))

    def emit(self, graph: Any, apart: str, code: str) -> str:
        """Add the nodes; both are double. Returns double `[N]`."""
        return str(graph.Add(self.apart.emit(graph, apart), self.code.emit(graph, code)))

    def arrays(self) -> dict[str, Array]:
        """Return what was fitted, by name."""
        return {
            f"oddity.{part}.{name}": array
            for part, distance in (("apart", self.apart), ("code", self.code))
            for name, array in (("mean", distance.mean), ("root", distance.root))
        }

    @staticmethod
    def from_arrays(arrays: Mapping[str, Array]) -> "Oddity | None":
        """Return what `arrays` was called on; None if nothing was fitted."""
        if "oddity.apart.mean" not in arrays:
            return None
        apart, code = (
            Distance(arrays[f"oddity.{part}.mean"], arrays[f"oddity.{part}.root"])
            for part in ("apart", "code")
        )
        return Oddity(apart, code)
