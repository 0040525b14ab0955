"""The default tabular network: piecewise-linear embeddings and a weight-shared MLP ensemble."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from ninefold.columns import Array
from ninefold.networks import NetworkSpec

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.preprocessing import Layout


class MLPSpec(NetworkSpec):
    """Multi-layer perceptron for tables, for classification and regression.

    TabM-mini (Gorishniy et al., 2024, arXiv 2410.24210): members share all hidden weights and
    differ in a scale of the inputs and in the last layer. Piecewise-linear embeddings of numbers:
    Gorishniy et al., 2022, arXiv 2203.05556.
    """

    kind: Literal["mlp"] = "mlp"
    search_space: ClassVar[Mapping[str, Any]] = {
        "hidden_size": {"low": 64, "high": 512, "log": True},
        "num_layers": {"low": 1, "high": 4},
        "dropout": {"low": 0.0, "high": 0.4},
        "embedding": {"choices": ["piecewise_linear", "none"]},
    }
    hidden_size: int = Field(256, ge=1, le=8192)
    """Width of each hidden layer."""
    num_layers: int = Field(3, ge=0, le=32)
    """Hidden layers; 0 makes the network linear in its embeddings."""
    activation: Literal["silu", "relu", "gelu", "tanh", "leaky_relu", "elu", "sigmoid"] = "silu"
    """Nonlinearity after each hidden layer; sigmoid and tanh in many layers let gradients die."""
    initialization: Literal["default", "xavier", "kaiming", "orthogonal"] = "default"
    """How hidden weights begin; default: uniform, within one over the root of the inputs."""
    dropout: float = Field(0.15, ge=0, lt=1)
    """Share of hidden values zeroed while training."""
    normalization: Literal["none", "batch", "layer"] = "none"
    """Normalisation before each activation."""
    ensemble_size: int = Field(8, ge=1, le=256)
    """Members that share weights; their mean is reported. 1 is a plain MLP, and the fastest."""
    embedding: Literal["piecewise_linear", "none"] = "piecewise_linear"
    """How a continuous number enters: through learnt functions with a kink at each train
    quantile, beside the number itself; or as the number alone."""
    embedding_dim: int = Field(8, ge=1, le=256)
    """Learnt functions per continuous number."""
    linear: bool = True
    """A linear path from features and codes to the outputs beside the hidden layers (Cheng et al.,
    2016, arXiv 1606.07792), the same for all members; it begins at 0."""
    bins: int = Field(24, ge=2, le=256)
    """Most quantile bins per continuous number; equal quantiles are merged."""

    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return a `modules.mlp.MLP` with weights drawn from `seed`."""
        from ninefold.networks.modules.mlp import MLP
        from ninefold.networks.modules.seeding import seeded

        positions = tuple(layout.continuous) if self.embedding == "piecewise_linear" else ()
        edges = quantile_edges(X, positions, self.bins)
        with seeded(seed):
            return MLP(
                in_features=len(layout.features),
                cardinalities=tuple(layout.cardinalities),
                outputs=outputs,
                positions=positions,
                edges=edges,
                gains=word_gains(layout),
                spec=self,
            )


def word_gains(layout: "Layout") -> Array | None:
    """Return what features `(F,)` are multiplied by: words of texts laid flat so that their mean
    square is 1, as that of scaled numbers is about; None without any.
    """
    from ninefold.preprocessing.tensors import LENGTH

    gains = np.ones(len(layout.features), dtype=np.float32)
    for first, count in layout.words.values():
        gains[first : first + count] = np.sqrt(count) / LENGTH
    return gains if layout.words else None


def quantile_edges(X: Array | None, positions: tuple[int, ...], bins: int) -> Array:
    """Return bin edges `(len(positions), bins + 1)` at the unique quantiles of the columns.

    A column with fewer unique quantiles repeats its last edge. `X` None gives zeros.
    """
    edges = np.zeros((len(positions), bins + 1), dtype=np.float32)
    if X is None or len(X) == 0:
        return edges
    grid = np.linspace(0.0, 1.0, bins + 1)
    for row, position in enumerate(positions):
        values = X[:, position].astype(np.float64)
        values = values[np.isfinite(values)]
        if len(values) == 0:
            continue
        unique = np.unique(np.quantile(values, grid).astype(np.float32))
        edges[row] = unique[-1]
        edges[row, : len(unique)] = unique
    return edges
