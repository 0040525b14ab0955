"""Recurrent network for sequences, with whatever other columns there are beside the last layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from ninefold.columns import Array
from ninefold.networks import NetworkSpec
from ninefold.networks.sequences import widths

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.preprocessing import Layout


class RNNSpec(NetworkSpec):
    """Gated recurrent units (Cho and others, 2014, arXiv 1406.1078) or long short-term memory
    (Hochreiter and Schmidhuber, 1997), over sequences of any length, for classification and
    regression.

    Several columns of sequences get layers each. The last step of each, numbers and codes stand
    beside what the layers gave, before the last layer.
    """

    kind: Literal["rnn"] = "rnn"
    reads_tensors: ClassVar[bool] = True
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
    head_size: int = Field(0, ge=0, le=8192)
    """Width of a hidden layer before the last one; 0 leaves it out."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of values zeroed while training, between layers and before the last one."""

    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return a `modules.rnn.RNN` with weights drawn from `seed`.

        Raises:
            ConfigError: no column of sequences, or other tensors beside.
        """
        from ninefold.networks.modules.rnn import RNN
        from ninefold.networks.modules.seeding import seeded

        with seeded(seed):
            return RNN(
                widths=widths(layout, self.kind),
                in_features=len(layout.features),
                cardinalities=tuple(layout.cardinalities),
                outputs=outputs,
                spec=self,
            )
