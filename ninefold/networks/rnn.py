"""Recurrent network for sequences, with whatever other columns there are beside the last layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from ninefold.networks._sequences import SequenceNetworkSpec

if TYPE_CHECKING:
    from ninefold.networks.modules.sequences import SequenceRead


class RNNSpec(SequenceNetworkSpec):
    """Gated recurrent units (Cho and others, 2014, arXiv 1406.1078) or long short-term memory
    (Hochreiter and Schmidhuber, 1997), over sequences of any length, for classification and
    regression.
    """

    kind: Literal["rnn"] = "rnn"
    search_space: ClassVar[Mapping[str, Any]] = {
        "cell": {"choices": ["gru", "lstm"]},
        "hidden_size": {"low": 16, "high": 256, "log": True},
        "num_layers": {"low": 1, "high": 3},
        "bidirectional": {"choices": [False, True]},
        "pooling": {"choices": ["last", "mean"]},
        "dropout": {"low": 0.0, "high": 0.5},
    }
    cell: Literal["gru", "lstm"] = "gru"
    """Kind of recurrent unit."""
    hidden_size: int = Field(64, ge=1, le=4096)
    """Numbers a layer remembers from step to step."""
    num_layers: int = Field(1, ge=1, le=8)
    """Layers, each reading what the one below gave."""
    bidirectional: bool = False
    """Read each sequence backwards as well."""
    pooling: Literal["last", "mean"] = "last"
    """What goes on from the layers: their state after the last step, or the mean over all."""

    def reader(self, width: int, channels: int) -> "SequenceRead":
        from ninefold.networks.modules.rnn import RecurrentRead

        return RecurrentRead(width, channels, self)
