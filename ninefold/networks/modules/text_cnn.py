"""Convolutions over word vectors; what stands behind a text's last word never wins."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.networks.modules.joined import Joined, Read
from ninefold.networks.modules.parameters import mark

if TYPE_CHECKING:
    from ninefold.networks.text_cnn import TextCNNSpec

PADDING, UNKNOWN = 0, 1


class TextCNN(Joined):
    """`(x (B, F) float32, codes (B, C) int64, *ids (B, T) int64) -> (B, 1, K)`.

    See `ninefold.networks.text_cnn`.
    """

    def __init__(
        self,
        *,
        texts: tuple[tuple[int, int], ...],
        in_features: int,
        cardinalities: tuple[int, ...],
        outputs: int,
        spec: "TextCNNSpec",
    ) -> None:
        super().__init__(
            [Reader(length, words, spec) for length, words in texts],
            in_features=in_features,
            cardinalities=cardinalities,
            outputs=outputs,
            hidden_size=spec.hidden_size,
            activation=nn.ReLU(),
            dropout=spec.dropout,
        )


class Reader(Read):
    """What one column of texts gives: ids `(B, T)` -> `(B, out_features)`.

    Activations are at least 0 and those of positions without a word are 0, so an empty text gives
    zeros, and padding changes nothing.
    """

    def __init__(self, length: int, words: int, spec: "TextCNNSpec") -> None:
        super().__init__()
        self.word_dropout = spec.word_dropout
        self.embedding = nn.Embedding(words, spec.embedding_dim)
        weight = nn.Parameter(0.1 * torch.randn(words, spec.embedding_dim))
        self.embedding.weight = weight
        mark(weight)
        sizes = [min(size, length) for size in spec.kernel_sizes]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(spec.embedding_dim, spec.filters, size) for size in sizes
        )
        self.sizes = sizes
        self.out_features = spec.filters * len(sizes)

    def forward(self, ids: Tensor) -> Tensor:
        if self.training and self.word_dropout:
            hidden = torch.rand(ids.shape, device=ids.device) < self.word_dropout
            ids = ids.masked_fill(hidden & (ids != PADDING), UNKNOWN)
        present = (ids != PADDING).float().unsqueeze(1)
        vectors = self.embedding(ids).transpose(1, 2) * present
        found = []
        for size, convolution in zip(self.sizes, self.convolutions, strict=True):
            begins = present[:, :, : ids.shape[1] - size + 1]
            found.append((torch.relu(convolution(vectors)) * begins).amax(dim=2))
        return torch.cat(found, dim=1)
