"""Convolutions along sequences, with whatever other columns there are beside the last layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from ninefold.networks import odd
from ninefold.networks._sequences import SequenceNetworkSpec

if TYPE_CHECKING:
    from ninefold.networks.modules.sequences import SequenceRead


class SeriesCNNSpec(SequenceNetworkSpec):
    """Convolutions along the steps, wider from block to block (dilation 1, 2, 4 …), for
    classification and regression of sequences of any length.

    After Wang, Yan and Oates, 2017, arXiv 1611.06455, with the normalisation of each step by itself
    (Ba and others, 2016, arXiv 1607.06450) in the place of the batch's: no padding has a say.
    """

    kind: Literal["series_cnn"] = "series_cnn"
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

    _is_odd = field_validator("kernel_size")(odd)

    def reader(self, width: int, channels: int) -> "SequenceRead":
        from ninefold.networks.modules.series_cnn import ConvolutionRead

        return ConvolutionRead(width, channels, self)
