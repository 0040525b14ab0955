"""How weight matrices and filters begin."""

import torch
from torch import nn

GAINS = {
    "relu": 2.0**0.5,
    "gelu": 2.0**0.5,
    "silu": 2.0**0.5,
    "leaky_relu": (2.0 / (1.0 + 0.01**2)) ** 0.5,
    "elu": 2.0**0.5,
    "tanh": 5.0 / 3.0,
    "sigmoid": 1.0,
}
"""What keeps the spread of values from layer to layer, by activation (as `nn.init`)."""


def initialize(module: nn.Module, how: str, activation: str) -> None:
    """Draw the weights of every linear and convolution layer anew and set their biases to 0.

    Args:
        how: `default` leaves what torch has drawn; xavier (Glorot & Bengio, 2010), kaiming (He et
            al., 2015), orthogonal (Saxe et al., 2014).
        activation: sets the gain, by its name in params.

    >>> layer = nn.Linear(100, 50)
    >>> initialize(layer, "orthogonal", "tanh")
    >>> bool(torch.allclose(layer.weight @ layer.weight.T, (5 / 3) ** 2 * torch.eye(50), atol=1e-4))
    True
    """
    if how == "default":
        return
    gain = GAINS[activation]
    for layer in module.modules():
        if not isinstance(layer, nn.Linear | nn.modules.conv._ConvNd):
            continue
        if how == "xavier":
            nn.init.xavier_uniform_(layer.weight, gain)
        elif how == "kaiming":
            fan = layer.weight[0].numel()
            with torch.no_grad():
                layer.weight.normal_(0.0, gain / fan**0.5)
        else:
            nn.init.orthogonal_(layer.weight, gain)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
