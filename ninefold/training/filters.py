"""What a network looks for first, as pictures for the report."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.pixels import stretched, thumbnail

if TYPE_CHECKING:
    from torch.nn import Module

MOST = 32


def filter_pictures(network: "Module") -> list[dict[str, Any]]:
    """Return the first layer's filters of each column of pictures; nothing for other networks."""
    told: Any = getattr(network, "filters", None)
    if told is None:
        return []
    found = []
    for weight in told():
        values = np.moveaxis(weight.detach().cpu().numpy(), 1, 3)[:MOST]
        if values.shape[1] > 1:
            found.append({"pictures": [thumbnail(stretched(kernel)) for kernel in values]})
    return found
