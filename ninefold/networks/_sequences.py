"""What networks that read sequences share: what they ask of the data, and their last layers."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ninefold.columns import Array
from ninefold.errors import ConfigError
from ninefold.networks import NetworkSpec

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.networks.modules.sequences import SequenceRead
    from ninefold.preprocessing import Layout


class SequenceNetworkSpec(NetworkSpec, ABC):
    """A network over sequences of any length; several columns of them get layers each. The last
    step of each, numbers and codes stand beside what the layers gave, before the last layer.
    """

    reads_tensors: ClassVar[bool] = True
    level: Literal["inside", "beside"] = "inside"
    """Where the last value of each channel goes: into every step; or past the layers, for a series
    that drifts beyond what training saw: the network begins with that of the first channel as its
    answer, and learns what to add."""
    head_size: int = Field(0, ge=0, le=8192)
    """Width of a hidden layer before the last one; 0 leaves it out."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of what the layers give that is zeroed while training."""

    @model_validator(mode="after")
    def _goes_straight_on(self) -> Self:
        if self.level == "beside" and self.head_size:
            raise ValueError(f"must have head_size 0 with level: beside, however: {self.head_size}")
        return self

    @abstractmethod
    def reader(self, width: int, channels: int) -> "SequenceRead":
        """Return what reads one column of sequences with `width` numbers a step."""

    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return a `modules.sequences.SequenceNetwork` with weights drawn from `seed`.

        Raises:
            ConfigError: no column of sequences, or other tensors beside.
        """
        from ninefold.networks.modules.seeding import seeded
        from ninefold.networks.modules.sequences import SequenceNetwork

        series = [tensor for tensor in layout.tensors if tensor.kind == "sequence"]
        if not series or len(series) < len(layout.tensors):
            raise ConfigError(
                f"params.yaml: train.network.kind must fit the data, however: `{self.kind}` needs "
                "a column of sequences (`ingest: {kind: long_table}`, windows or "
                "sequence_arrays), and nothing else that is a tensor. `mlp` takes any table"
            )
        with seeded(seed):
            return SequenceNetwork(
                [self.reader(tensor.shape[1], tensor.flat[0]) for tensor in series],
                in_features=len(layout.features),
                cardinalities=tuple(layout.cardinalities),
                outputs=outputs,
                spec=self,
            )
