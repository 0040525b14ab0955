"""Convolutions over pictures, with whatever other columns there are beside the last layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, field_validator

from ninefold.columns import Array
from ninefold.errors import ConfigError
from ninefold.networks import NetworkSpec, odd
from ninefold.networks.augmenting import AugmentSpec

if TYPE_CHECKING:
    from torch.nn import Module

    from ninefold.preprocessing import Layout


class CNNSpec(NetworkSpec):
    """Convolutional network for pictures, for classification and regression.

    Blocks of convolution, batch normalisation (Ioffe and Szegedy, 2015, arXiv 1502.03167) and
    activation halve the picture; several columns of pictures get a network each. Numbers and codes
    stand beside what the pictures gave, before the last hidden layer.
    """

    kind: Literal["cnn"] = "cnn"
    reads_tensors: ClassVar[bool] = True
    search_space: ClassVar[Mapping[str, Any]] = {
        "filters": {"choices": [[16, 32], [32, 64], [32, 64, 128], [64, 128, 256]]},
        "kernel_size": {"choices": [3, 5]},
        "convolutions": {"low": 1, "high": 3},
        "hidden_size": {"low": 32, "high": 256, "log": True},
        "dropout": {"low": 0.0, "high": 0.5},
    }
    filters: tuple[int, ...] = Field((32, 64, 128), min_length=1, max_length=8)
    """Filters of each block."""
    kernel_size: int = Field(3, ge=1, le=15)
    """Side of the filters; an odd number."""
    convolutions: int = Field(2, ge=1, le=8)
    """Convolutions in each block."""
    pooling: Literal["max", "average", "stride"] = "max"
    """What halves the picture at the end of each block, as long as a side has 4 pixels or more."""
    normalization: Literal["none", "batch"] = "batch"
    """Normalisation before each activation."""
    activation: Literal["relu", "silu", "gelu"] = "relu"
    """Nonlinearity after each convolution and the hidden layer."""
    summary: Literal["auto", "flat", "average"] = "auto"
    """What goes on from the last block: every position, or the mean over them; auto takes every
    position of maps of at most 4 x 4."""
    hidden_size: int = Field(128, ge=0, le=8192)
    """Width of the hidden layer before the last one; 0 leaves it out."""
    dropout: float = Field(0.25, ge=0, lt=1)
    """Share of values zeroed while training, before the hidden and the last layer."""
    augment: AugmentSpec = AugmentSpec()
    """How train pictures are varied."""

    _is_odd = field_validator("kernel_size")(odd)

    def build(self, layout: "Layout", outputs: int, X: Array | None, seed: int) -> "Module":
        """Return a `modules.cnn.CNN` with weights drawn from `seed`.

        Raises:
            ConfigError: no column of pictures.
        """
        from ninefold.networks.modules.cnn import CNN
        from ninefold.networks.modules.seeding import seeded

        pictures = [tensor for tensor in layout.tensors if tensor.kind == "image"]
        if not pictures or len(pictures) < len(layout.tensors):
            raise ConfigError(
                "params.yaml: train.network.kind must fit the data, however: `cnn` needs a column "
                "of pictures (kind image), and there is none. `mlp` takes any table"
            )
        with seeded(seed):
            return CNN(
                pictures=tuple(tensor.shape for tensor in pictures),
                in_features=len(layout.features),
                cardinalities=tuple(layout.cardinalities),
                outputs=outputs,
                spec=self,
            )
