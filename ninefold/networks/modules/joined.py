"""What reads pictures, texts or sequences, joined with the numbers and codes of the row."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ninefold.networks.modules.dropout import FastDropout
from ninefold.networks.modules.mlp import CodeEmbedding, GroupedLinear, code_dim


class Read(nn.Module):
    """What one tensor column gives: `(B, out_features)`."""

    out_features: int


class Joined(nn.Module):
    """`(x (B, F) float32, codes (B, C) int64, *tensors) -> (B, 1, K)`.

    Args:
        readers: one per tensor; each gives `(B, out_features)`.
        hidden_size: width of the layer above them all; 0: none.
        activation: its nonlinearity.
    """

    def __init__(
        self,
        readers: Sequence[Read],
        *,
        in_features: int,
        cardinalities: tuple[int, ...],
        outputs: int,
        hidden_size: int,
        activation: nn.Module,
        dropout: float,
    ) -> None:
        super().__init__()
        self.readers = nn.ModuleList(readers)
        dims = [code_dim(levels) for levels in cardinalities]
        self.codes = nn.ModuleList(
            CodeEmbedding(levels, dim) for levels, dim in zip(cardinalities, dims, strict=True)
        )
        width = in_features + sum(dims) + sum(reader.out_features for reader in readers)
        layers: list[nn.Module] = [FastDropout(dropout)]
        if hidden_size:
            layers += [nn.Linear(width, hidden_size), activation, FastDropout(dropout)]
        self.hidden = nn.Sequential(*layers)
        self.head = GroupedLinear(1, hidden_size or width, outputs)

    def forward(self, x: Tensor, codes: Tensor, *tensors: Tensor) -> Tensor:
        read = [reader(tensor) for reader, tensor in zip(self.readers, tensors, strict=True)]
        return self.above(x, codes, *read)

    def above(self, x: Tensor, codes: Tensor, *read: Tensor) -> Tensor:
        """Return the outputs for what the readers gave, `(B, out_features)` each."""
        parts = list(read)
        parts += [embed(codes[:, column]) for column, embed in enumerate(self.codes)]
        if x.shape[1]:
            parts.append(x)
        joined = torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]
        outputs: Tensor = self.head(self.hidden(joined).unsqueeze(1))
        return outputs
