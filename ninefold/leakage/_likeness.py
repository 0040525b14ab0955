"""How alike two pictures are, whatever their file format, size, brightness and a small shift."""

import numpy as np

from ninefold.columns import Array
from ninefold.pixels import convert

SIDE, REACH, COARSE = 32, 3, 8
"""Side to which pictures are brought; farthest shift, in these pixels; side of the first look."""
CANDIDATES = 6
"""Pictures that the first look leaves for the second."""
LEAST = 1e-3
"""Distances below are those of one picture saved twice."""
AT_ONCE = 32


def reduced(pictures: Array) -> Array:
    """Return grey pictures `(N, SIDE, SIDE)` float32."""
    from PIL import Image

    small = np.empty((len(pictures), SIDE, SIDE), dtype=np.float32)
    for row, picture in enumerate(pictures):
        grey = Image.fromarray(convert(picture, 1)[..., 0])
        small[row] = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    return small


def nearest(query: Array, pool: Array, same: Array | None = None) -> tuple[Array, Array]:
    """Return the distances `(Q, CANDIDATES)` of the pictures of `pool` nearest to each of `query`,
    rising, and their positions.

    Distances are 1 - correlation of pixels, the best over shifts. `same` `(Q,)` are positions in
    `pool` of the queries themselves, which do not count.
    """
    first, second = _coarse(query), _coarse(pool)
    likeness = first @ second.T
    if same is not None:
        likeness[np.arange(len(query)), same] = -2.0
    most = min(CANDIDATES, len(pool) - (same is not None))
    near = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
    found = np.empty(near.shape)
    for start in range(0, len(query), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        found[rows] = _aligned(query[rows], pool[near[rows]])
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(found, order, 1), np.take_along_axis(near, order, 1)


def _coarse(small: Array) -> Array:
    """Return blurred pictures as vectors `(N, COARSE²)` of length 1."""
    step = SIDE // COARSE
    cells = small.reshape(len(small), COARSE, step, COARSE, step).mean(axis=(2, 4))
    return _normal(cells.reshape(len(small), -1))


def _normal(vectors: Array) -> Array:
    centred = vectors - vectors.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6))


def _aligned(query: Array, candidates: Array) -> Array:
    """Return distances `(q, m)` of pictures `(q, S, S)` to candidates `(q, m, S, S)`."""
    inner = SIDE - 2 * REACH
    middle = query[:, REACH : REACH + inner, REACH : REACH + inner].reshape(len(query), -1)
    windows = np.lib.stride_tricks.sliding_window_view(candidates, (inner, inner), axis=(2, 3))
    flat = windows.reshape(*candidates.shape[:2], -1, inner * inner)
    likeness = np.einsum("qmwp,qp->qmw", _normal(flat), _normal(middle), optimize=True)
    return np.asarray(np.maximum(1.0 - likeness.max(axis=2), LEAST))
