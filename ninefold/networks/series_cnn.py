"""Convolutions along sequences, with whatever other columns there are beside the last layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from ninefold.columns import Array
from ninefold.errors import ConfigError
from ninefold.networks import NetworkSpec
from ninefold.networks.sequences import widths

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.preprocessing import Layout


class SeriesCNNSpec(NetworkSpec):
    """Convolutions along the steps, wider from block to block (dilation 1, 2, 4 …), for
    classification and regression of sequences of any length.

    After Wang, Yan and Oates, 2017, arXiv 1611.06455, with the normalisation of each step by itself
    (Ba and others, 2016, arXiv 1607.06450) in the place of the batch's: no padding has a say.
    """

    kind: Literal["series_cnn"] = "series_cnn"
    reads_tensors: ClassVar[bool] = True
    search_space: ClassVar[Mapping[str, Any]] = {
        "filters": {"choices": [[32, 32], [64, 64, 64], [64, 128, 64], [128, 128, 128]]},
        "kernel_size": {"choices": [3, 5, 7, 9]},
        "pooling": {"choices": ["mean", "max"]},
        "dropout": {"low": 0.0, "high": 0.5},
    }
    filters: tuple[int, ...] = Field((64, 64, 64), min_length=1, max_length=10)
    """Filters of each block."""
    kernel_size: int = Field(5, ge=1, le=63)
    """Steps a filter looks at; an odd number."""
    pooling: Literal["mean", "max"] = "mean"
    """What goes on from the last block: mean or largest value over the steps."""
    head_size: int = Field(0, ge=0, le=8192)
    """Width of a hidden layer before the last one; 0 leaves it out."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Share of values zeroed while training, before the last layers."""

    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return a `modules.series_cnn.SeriesCNN` with weights drawn from `seed`.

        Raises:
            ConfigError: no column of sequences, other tensors beside, or an even kernel.
        """
        from ninefold.networks.modules.seeding import seeded
        from ninefold.networks.modules.series_cnn import SeriesCNN

        found = widths(layout, self.kind)
        if self.kernel_size % 2 == 0:
            raise ConfigError(
                f"params.yaml: train.network.kernel_size must be odd, however: {self.kernel_size}"
            )
        with seeded(seed):
            return SeriesCNN(
                widths=found,
                in_features=len(layout.features),
                cardinalities=tuple(layout.cardinalities),
                outputs=outputs,
                spec=self,
            )
