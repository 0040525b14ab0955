"""A weight-shared ensemble of MLPs over embedded table columns.

Every operation is one whose ONNX Runtime kernel treats a row alike whatever batch it is in:
measured on 1.32, `ReduceSum`, `ReduceMean`, `Log`, `Sin`, `Elu` and batched `MatMul` over rows are
not, `Gemm`, `Sigmoid`, `Erf`, `LogSoftmax`, `LayerNormalization` and `ReduceMax` are.
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ninefold.columns import Array
from ninefold.networks.modules.activations import ACTIVATIONS
from ninefold.networks.modules.dropout import FastDropout, SiLUDropout, SiLULayers, SiLULinear
from ninefold.networks.modules.initialization import initialize
from ninefold.networks.modules.parameters import mark

if TYPE_CHECKING:
    from ninefold.networks.mlp import MLPSpec

MAX_CODE_DIM = 8
"""Widest embedding of a categorical column."""
FEW_OUTPUTS = 32
"""Up to so many outputs of all groups together one product is faster than one per group."""


class GroupedLinear(nn.Module):
    """G linear layers side by side: `(B, G, in_features) -> (B, G, out_features)`.

    Exported as one product per row and layer, or per batch where G is 1, see above.

    >>> GroupedLinear(3, 4, 2)(torch.zeros(5, 3, 4)).shape
    torch.Size([5, 3, 2])
    """

    def __init__(self, groups: int, in_features: int, out_features: int) -> None:
        super().__init__()
        bound = in_features**-0.5
        self.weight = nn.Parameter(
            torch.empty(groups, in_features, out_features).uniform_(-bound, bound)
        )
        self.bias = nn.Parameter(torch.empty(groups, out_features).uniform_(-bound, bound))
        mark(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        if len(self.weight) == 1:
            return self._by_one_layer(x.squeeze(1)).unsqueeze(1)
        if torch.compiler.is_exporting():
            return (x.unsqueeze(2) @ self.weight).squeeze(2) + self.bias
        if self.bias.numel() <= FEW_OUTPUTS:
            return self._by_one_product(x)
        return torch.baddbmm(self.bias.unsqueeze(1), x.transpose(0, 1), self.weight).transpose(0, 1)

    def _by_one_layer(self, x: Tensor) -> Tensor:
        """Return `(B, out_features)` where there is one group.

        MKL takes six times as long where the short side of a matrix is its inner one in memory.
        """
        weight, bias = self.weight.squeeze(0), self.bias.squeeze(0)
        if weight.shape[1] == 1 or torch.compiler.is_exporting():
            return torch.addmm(bias, x, weight)
        return F.linear(x, weight.T.contiguous(), bias)

    def _by_one_product(self, x: Tensor) -> Tensor:
        """Give every group's input to every group's layer and keep the pairs that belong together.

        Twice as fast as thin batched products on a CPU, though it computes G times as much.
        """
        groups, in_features, out_features = self.weight.shape
        flat = self.weight.transpose(0, 1).reshape(in_features, groups * out_features)
        pairs = (x.reshape(-1, in_features) @ flat).view(-1, groups, groups, out_features)
        return pairs.diagonal(dim1=1, dim2=2).transpose(1, 2) + self.bias


class CodeEmbedding(nn.Embedding):
    """Embeds the levels of a categorical column: codes `(B,)` -> `(B, embedding_dim)`.

    >>> CodeEmbedding(5, 3)(torch.tensor([0, 4])).shape
    torch.Size([2, 3])
    """

    def __init__(self, levels: int, embedding_dim: int) -> None:
        super().__init__(levels, embedding_dim)
        weight = nn.Parameter(0.3 * torch.randn(levels, embedding_dim))
        self.weight = weight
        mark(weight)


class PiecewiseLinearEmbedding(nn.Module):
    """Embeds numbers by how far they reach into each bin: `(B, C) -> (B, C * embedding_dim)`.

    Args:
        edges: bin edges `(C, bins + 1)`, rising; repeated ones make a bin that stays 0.
        embedding_dim: learnt outputs per number.

    >>> edges = np.array([[0.0, 1.0, 3.0]], dtype=np.float32)
    >>> PiecewiseLinearEmbedding(edges, 4)(torch.tensor([[2.0]])).shape
    torch.Size([1, 4])
    """

    lower: Tensor
    rate: Tensor

    def __init__(self, edges: Array, embedding_dim: int) -> None:
        super().__init__()
        width = edges[:, 1:].astype(np.float64) - edges[:, :-1]
        rate = np.divide(1.0, width, out=np.zeros_like(width), where=width > 1e-30)
        self.register_buffer("lower", torch.from_numpy(edges[:, :-1].copy()))
        self.register_buffer("rate", torch.from_numpy(rate.astype(np.float32)))
        self.linear = GroupedLinear(edges.shape[0], edges.shape[1] - 1, embedding_dim)

    def forward(self, x: Tensor) -> Tensor:
        reach = ((x.unsqueeze(2) - self.lower) * self.rate).clamp(0.0, 1.0)
        embedded: Tensor = self.linear(reach).flatten(1)
        return embedded


class MLP(nn.Module):
    """`(x (B, F) float32, codes (B, C) int64) -> (B, M, K)`; see `ninefold.networks.mlp`.

    Members are folded into the rows of one matrix product per layer, `(B * M, hidden_size)`.
    """

    positions: Tensor
    gains: Tensor | None

    def __init__(
        self,
        *,
        in_features: int,
        cardinalities: tuple[int, ...],
        outputs: int,
        positions: tuple[int, ...],
        edges: Array,
        gains: Array | None = None,
        spec: "MLPSpec",
    ) -> None:
        super().__init__()
        self.register_buffer("gains", None if gains is None else torch.from_numpy(gains))
        self.members, self.outputs = spec.ensemble_size, outputs
        self.register_buffer("positions", torch.tensor(positions, dtype=torch.int64))
        self.numbers = PiecewiseLinearEmbedding(edges, spec.embedding_dim) if positions else None
        dims = [code_dim(levels) for levels in cardinalities]
        self.codes = nn.ModuleList(
            CodeEmbedding(levels, dim) for levels, dim in zip(cardinalities, dims, strict=True)
        )
        width = in_features + sum(dims) + len(positions) * spec.embedding_dim
        self.scale = nn.Parameter(1.0 + 0.5 * torch.randn(self.members, width))
        mark(self.scale, lr_multiplier=3.0)
        if self.members == 1:
            nn.init.ones_(self.scale)
        self.hidden = SiLULayers(*hidden_layers(width, spec))
        initialize(self.hidden, spec.initialization, spec.activation)
        self.head = GroupedLinear(
            self.members, spec.hidden_size if spec.num_layers else width, outputs
        )
        self.linear = GroupedLinear(1, in_features + sum(dims), outputs) if spec.linear else None
        if self.linear is not None:
            nn.init.zeros_(self.linear.weight)
            nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
        if self.gains is not None:
            x = x * self.gains
        plain = [x, *(embed(codes[:, column]) for column, embed in enumerate(self.codes))]
        parts = [*plain]
        if self.numbers is not None:
            parts.insert(1, self.numbers(x.index_select(1, self.positions)))
        embedded = torch.cat(parts, dim=1) if len(parts) > 1 else x
        members = embedded.unsqueeze(1) * self.scale
        hidden = self.hidden(members.flatten(0, 1))
        outputs: Tensor = self.head(hidden.unflatten(0, (-1, self.members)))
        if self.linear is not None:
            wide = torch.cat(plain, dim=1) if len(plain) > 1 else x
            outputs = outputs + self.linear(wide.unsqueeze(1))
        return outputs


def hidden_layers(width: int, spec: "MLPSpec") -> list[nn.Module]:
    """Return the layers `(rows, width) -> (rows, hidden_size)`."""
    layers: list[nn.Module] = []
    for _ in range(spec.num_layers):
        if spec.activation == "silu" and spec.normalization == "none":
            layers.append(SiLULinear(width, spec.hidden_size, dropout=spec.dropout))
            width = spec.hidden_size
            continue
        layers.append(nn.Linear(width, spec.hidden_size))
        if spec.normalization == "batch":
            layers.append(nn.BatchNorm1d(spec.hidden_size))
        elif spec.normalization == "layer":
            layers.append(nn.LayerNorm(spec.hidden_size))
        if spec.activation == "silu":
            layers.append(SiLUDropout(spec.dropout))
        else:
            layers += [ACTIVATIONS[spec.activation](), FastDropout(spec.dropout)]
        width = spec.hidden_size
    return layers


def code_dim(levels: int) -> int:
    """Return the width of the embedding of a column with `levels` levels.

    >>> code_dim(3), code_dim(12), code_dim(500)
    (2, 6, 8)
    """
    return max(1, min(MAX_CODE_DIM, (levels + 1) // 2))
