"""What the optimiser should know of a parameter."""

from torch import nn


def mark(parameter: nn.Parameter, *, no_decay: bool = True, lr_multiplier: float = 1.0) -> None:
    """Exempt a parameter from weight decay, and scale its learning rate.

    >>> import torch
    >>> scale = nn.Parameter(torch.ones(3))
    >>> mark(scale, lr_multiplier=3.0)
    >>> scale.no_decay, scale.lr_multiplier
    (True, 3.0)
    """
    vars(parameter).update(no_decay=no_decay, lr_multiplier=lr_multiplier)
