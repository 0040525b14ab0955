"""Tagging: a label for each step of a sequence."""

from typing import Literal

from pydantic import Field

from ninefold.training import LoopSpec

METRICS = ("accuracy", "f1_macro", "log_loss")
"""Metrics of steps, the default first."""


class TagSpec(LoopSpec):
    """A recurrent network that says one label a step; see `ninefold.networks.rnn`."""

    cell: Literal["gru", "lstm"] = "gru"
    """Kind of recurrent unit."""
    hidden_size: int = Field(64, ge=1, le=4096)
    """Numbers a layer remembers from step to step."""
    num_layers: int = Field(1, ge=1, le=8)
    """Layers, each reading what the one below gave."""
    bidirectional: bool = True
    """Read each sequence backwards as well; false where a label must not depend on later steps."""
    embedding_size: int = Field(48, ge=1, le=1024)
    """Numbers that stand for a word of a step."""
    word_dropout: float = Field(0.1, ge=0, lt=1)
    """Share of the words of steps that count as unknown while training, so that unknown ones tell
    something."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of what the layers give that is zeroed while training."""
    reach: int = Field(2, ge=0, le=100)
    """Steps on either side that the linear model, which the network is measured against, reads."""
