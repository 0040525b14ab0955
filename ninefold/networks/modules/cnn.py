"""Convolutions over pictures.

Every operation is one whose ONNX Runtime kernel treats a picture alike whatever batch it is in:
`Conv` and pooling go picture by picture; the mean over positions is a product with a constant.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from ninefold.networks.modules.augmenting import Augmentation
from ninefold.networks.modules.joined import Joined, Read

if TYPE_CHECKING:
    from ninefold.networks.cnn import CNNSpec

ACTIVATIONS = {"relu": nn.ReLU, "silu": nn.SiLU, "gelu": nn.GELU}
SMALLEST_POOLED = 4
LARGEST_FLAT = 4


class CNN(Joined):
    """`(x (B, F) float32, codes (B, C) int64, *pictures (B, C, H, W) float32) -> (B, 1, K)`.

    See `ninefold.networks.cnn`.
    """

    def __init__(
        self,
        *,
        pictures: tuple[tuple[int, ...], ...],
        in_features: int,
        cardinalities: tuple[int, ...],
        outputs: int,
        spec: "CNNSpec",
    ) -> None:
        super().__init__(
            [Trunk(shape, spec) for shape in pictures],
            in_features=in_features,
            cardinalities=cardinalities,
            outputs=outputs,
            hidden_size=spec.hidden_size,
            activation=ACTIVATIONS[spec.activation](),
            dropout=spec.dropout,
        )

    def filters(self) -> list[Tensor]:
        """Return the filters of the first layer of each column, `(filters, C, k, k)`."""
        return [
            next(layer.weight for layer in trunk.modules() if isinstance(layer, nn.Conv2d))
            for trunk in self.readers
        ]


class Trunk(Read):
    """What one column of pictures gives: `(B, C, H, W) -> (B, out_features)`."""

    def __init__(self, shape: tuple[int, ...], spec: "CNNSpec") -> None:
        super().__init__()
        channels, *size = shape
        self.augmentation = Augmentation(spec.augment)
        layers: list[nn.Module] = []
        for filters in spec.filters:
            halves = min(size) >= SMALLEST_POOLED
            layers += block(channels, filters, spec, halves)
            if halves:
                size = [(side + (spec.pooling == "stride")) // 2 for side in size]
            channels = filters
        self.blocks = nn.Sequential(*layers)
        small = max(size) <= LARGEST_FLAT
        self.is_flat = spec.summary == "flat" or (spec.summary == "auto" and small)
        positions = size[0] * size[1]
        self.out_features = channels * (positions if self.is_flat else 1)
        self.register_buffer("mean", torch.full((positions, 1), 1.0 / positions), persistent=False)

    mean: Tensor

    def forward(self, picture: Tensor) -> Tensor:
        x = self.augmentation(picture)
        if not torch.compiler.is_exporting():
            x = channels_last(x)
        maps: Tensor = self.blocks(x)
        if self.is_flat:
            return maps.flatten(1)
        means: Tensor = (maps.flatten(2) @ self.mean).squeeze(2)
        return means


def channels_last(x: Tensor) -> Tensor:
    """Return pictures `(B, C, H, W)` with the channels of a pixel side by side in memory.

    `contiguous` leaves pictures of one channel as they are, and all maps after them go the slow
    way: pooling takes ten times as long.

    >>> channels_last(torch.zeros(2, 1, 4, 4)).stride()
    (16, 1, 4, 1)
    """
    if x.shape[1] == 1:
        return x.clone(memory_format=torch.channels_last)
    return x.contiguous(memory_format=torch.channels_last)


def block(channels: int, filters: int, spec: "CNNSpec", halves: bool) -> list[nn.Module]:
    """Return the layers of one block: `(B, channels, H, W)` -> `(B, filters, H', W')`, H' being
    half of H where it halves.
    """
    layers: list[nn.Module] = []
    for number in range(spec.convolutions):
        last = number == spec.convolutions - 1
        stride = 2 if halves and last and spec.pooling == "stride" else 1
        is_normal = spec.normalization == "batch"
        layers.append(
            nn.Conv2d(
                channels,
                filters,
                spec.kernel_size,
                stride=stride,
                padding=spec.kernel_size // 2,
                bias=not is_normal,
            )
        )
        if is_normal:
            layers.append(nn.BatchNorm2d(filters))
        layers.append(ACTIVATIONS[spec.activation]())
        channels = filters
    if halves and spec.pooling != "stride":
        layers.append(nn.MaxPool2d(2) if spec.pooling == "max" else nn.AvgPool2d(2))
    return layers
