"""Integrated gradients of pictures: which pixels spoke for the network's answer, and which against.

Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017. The path leads from
the mean of all train pictures' pixels, channel by channel, to the picture; other columns of the
row stay as they are.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.explaining.gradients import cell_gradients
from ninefold.pixels import thumbnail

if TYPE_CHECKING:
    from ninefold.training import TrainedModel

STEPS = 128


def pixel_gradients(
    model: "TrainedModel", rows: Frame, masked: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return what `cell_gradients` tells of each row and column of pictures, and two `pictures`:
    it, and its pixels (red for, blue against).
    """
    found = []
    for picture, _, share, told in cell_gradients(model, rows, "image", _attribute, masked):
        sides = (picture, coloured(share.sum(axis=0)))
        found.append(told | {"pictures": [thumbnail(side) for side in sides]})
    return found


def _attribute(
    model: "TrainedModel", x: Array, codes: Array, pictures: list[Array], code: int
) -> tuple[list[Array], float]:
    """Return what each pixel adds, `(C, H, W)` of each picture, and the answer to the means."""
    import torch

    share = (torch.arange(STEPS) + 0.5) / STEPS
    ends = [torch.from_numpy(np.ascontiguousarray(part)) for part in pictures]
    paths = [(end * share.view(-1, 1, 1, 1)).requires_grad_(True) for end in ends]
    features = torch.from_numpy(np.ascontiguousarray(x[None], np.float32)).expand(STEPS, -1)
    known = torch.from_numpy(np.ascontiguousarray(codes[None], np.int64)).expand(STEPS, -1)
    total = model.module(features, known, *paths)[:, code].sum()
    slopes = torch.autograd.grad(total, paths)
    shares = [(slope.mean(dim=0) * end[0]).numpy() for slope, end in zip(slopes, ends, strict=True)]
    start = model.scores_of(x[None], codes[None], *(part * 0 for part in pictures))[0]
    return shares, float(start[code])


def coloured(shares: Array) -> Array:
    """Return shares `(H, W)` as a picture `(H, W, 3)`: white for none, red for, blue against."""
    size = np.abs(shares) / max(float(np.abs(shares).max()), 1e-12)
    pale = np.round(255 * (1 - size)).astype(np.uint8)
    full = np.full_like(pale, 255)
    is_for = shares >= 0
    channels = (np.where(is_for, full, pale), pale, np.where(is_for, pale, full))
    return np.stack(channels, axis=2)
