"""Convolutions over the words of texts."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from ninefold.columns import Array
from ninefold.errors import ConfigError
from ninefold.networks import NetworkSpec

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.preprocessing import Layout


class TextCNNSpec(NetworkSpec):
    """Learnt word vectors, convolutions over neighbouring words, the strongest answer of each
    filter (Kim, 2014, arXiv 1408.5882). Numbers and codes stand beside it, before the last layer.
    """

    kind: Literal["text_cnn"] = "text_cnn"
    reads_tensors: ClassVar[bool] = True
    embedding_dim: int = Field(64, ge=1, le=1024)
    """Length of a word's vector."""
    filters: int = Field(64, ge=1, le=4096)
    """Filters of each kernel size."""
    kernel_sizes: tuple[int, ...] = Field((1, 2, 3), min_length=1, max_length=8)
    """Numbers of neighbouring words that filters look at."""
    hidden_size: int = Field(0, ge=0, le=8192)
    """Width of a hidden layer before the last one; 0 leaves it out."""
    dropout: float = Field(0.3, ge=0, lt=1)
    """Share of values zeroed while training, before the hidden and the last layer."""
    word_dropout: float = Field(0.1, ge=0, lt=1)
    """Share of words hidden while training: they count as unknown."""

    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return a `modules.text_cnn.TextCNN` with weights drawn from `seed`.

        Raises:
            ConfigError: no column of texts that is used as tokens, or other tensors beside.
        """
        from ninefold.networks.modules.seeding import seeded
        from ninefold.networks.modules.text_cnn import TextCNN

        texts = [tensor for tensor in layout.tensors if tensor.kind == "tokens"]
        if not texts or len(texts) < len(layout.tensors):
            raise ConfigError(
                "params.yaml: train.network.kind must fit the data, however: `text_cnn` needs a "
                "column of texts used as tokens (`preprocess: {columns: {COLUMN: {use: tokens}}}`)"
            )
        with seeded(seed):
            return TextCNN(
                texts=tuple((text.shape[0], text.cardinality) for text in texts),
                in_features=len(layout.features),
                cardinalities=tuple(layout.cardinalities),
                outputs=outputs,
                spec=self,
            )
