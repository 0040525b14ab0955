import pytest
import torch
from torch import nn

from ninefold.networks.cnn import CNNSpec
from ninefold.preprocessing import Layout
from ninefold.preprocessing.layout import TensorLayout


@pytest.mark.parametrize("channels", [1, 3])
def test_every_map_has_the_channels_of_a_pixel_side_by_side(channels):
    picture = TensorLayout("image", "image", (channels, 16, 16), (16, 16), ())
    network = CNNSpec(filters=(4, 8), hidden_size=8).build(
        Layout((), (), (), (), (), (), (picture,)), 2, None, 0
    )
    orders = []
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d)):
            layer.register_forward_hook(
                lambda layer, given, maps: orders.append(maps.stride(1) == 1 < maps.stride(3))
            )
    network(
        torch.zeros(5, 0), torch.zeros(5, 0, dtype=torch.int64), torch.rand(5, channels, 16, 16)
    )
    assert orders == [True] * 6
