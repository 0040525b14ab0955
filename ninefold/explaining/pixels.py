"""Integrated gradients of pictures: which pixels spoke for the network's answer, and which against.

Sundararajan, Taly & Yan, Axiomatic attribution for deep networks, ICML 2017. The path leads from
the mean of all train pictures' pixels, channel by channel, to the picture; other columns of the
row stay as they are.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.pixels import thumbnail

if TYPE_CHECKING:
    from ninefold.training import TrainedModel

STEPS = 128


def pixel_gradients(
    model: "TrainedModel", rows: Frame, masked: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return for each row and column of pictures `column`, `row`, `said`, `answer`, `expected`,
    `sum` of what all pixels add, and two `pictures`: it, and its pixels (red for, blue against).

    [] where the network reads other tensors than pictures. The answer is the log-probability of
    the likeliest class, or the (first) value in its standard deviations.
    """
    tensors = model.preprocessing.layout.tensors
    if not tensors or any(tensor.kind != "image" for tensor in tensors):
        return []
    found = []
    X, codes, *pictures = model.preprocessing.transform(rows)
    for row in range(len(rows)):
        own = [part[row : row + 1] for part in pictures]
        shares, answer, expected, code = _attribute(model, X[row], codes[row], own)
        classes = model.head.target.classes
        for tensor, share in zip(tensors, shares, strict=True):
            if tensor.column in masked:
                continue
            sides = (rows[tensor.column][row], coloured(share.sum(axis=0)))
            found.append(
                {
                    "column": tensor.column,
                    "row": int(rows.row[row]),
                    "said": classes[code] if classes else "",
                    "answer": answer,
                    "expected": expected,
                    "sum": float(sum(part.sum() for part in shares)),
                    "pictures": [thumbnail(side) for side in sides],
                }
            )
    return found


def _attribute(
    model: "TrainedModel", x: Array, codes: Array, pictures: list[Array]
) -> tuple[list[Array], float, float, int]:
    """Return what each pixel adds, `(C, H, W)` of each picture, the answers at both ends, and the
    score that was looked at.
    """
    import torch

    scores = model.scores_of(x[None], codes[None], *pictures)[0]
    code = int(scores.argmax()) if model.head.target.classes else 0
    share = (torch.arange(STEPS) + 0.5) / STEPS
    ends = [torch.from_numpy(np.ascontiguousarray(part)) for part in pictures]
    paths = [(end * share.view(-1, 1, 1, 1)).requires_grad_(True) for end in ends]
    features = torch.from_numpy(np.ascontiguousarray(x[None], np.float32)).expand(STEPS, -1)
    known = torch.from_numpy(np.ascontiguousarray(codes[None], np.int64)).expand(STEPS, -1)
    total = model.module(features, known, *paths)[:, code].sum()
    slopes = torch.autograd.grad(total, paths)
    shares = [(slope.mean(dim=0) * end[0]).numpy() for slope, end in zip(slopes, ends, strict=True)]
    start = model.scores_of(x[None], codes[None], *(part * 0 for part in pictures))[0]
    return shares, float(scores[code]), float(start[code]), code


def coloured(shares: Array) -> Array:
    """Return shares `(H, W)` as a picture `(H, W, 3)`: white for none, red for, blue against."""
    size = np.abs(shares) / max(float(np.abs(shares).max()), 1e-12)
    pale = np.round(255 * (1 - size)).astype(np.uint8)
    full = np.full_like(pale, 255)
    is_for = shares >= 0
    channels = (np.where(is_for, full, pale), pale, np.where(is_for, pale, full))
    return np.stack(channels, axis=2)
