"""How alike two pictures are, whatever their file format, size, brightness and a small shift."""

import numpy as np

from ninefold.columns import Array
from ninefold.pixels import convert

SIDES, REACH, COARSE = (32, 48), 3, 8
"""Sides to one of which pictures are brought, the larger so that a shift by a pixel is about one;
farthest shift in pixels of the smaller; side of the first look."""
CANDIDATES = 6
"""Pictures that the first look leaves for the second."""
LEAST = 1e-3
"""Distances below are those of one picture saved twice."""
AT_ONCE = 32


def side_for(pictures: Array) -> int:
    """Return the least side that loses nothing of most pictures, or the largest there is."""
    usual = np.median([min(picture.shape[:2]) for picture in pictures])
    return next((side for side in SIDES if side >= usual), SIDES[-1])


def reduced(pictures: Array, side: int, channels: int) -> Array:
    """Return pictures `(N, channels, side, side)` float32; one channel is grey."""
    from PIL import Image

    small = np.empty((len(pictures), channels, side, side), dtype=np.float32)
    for row, picture in enumerate(pictures):
        for number, channel in enumerate(np.moveaxis(convert(picture, channels), 2, 0)):
            image = Image.fromarray(np.ascontiguousarray(channel))
            small[row, number] = np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))
    return small


def nearest(query: Array, pool: Array, same: Array | None = None) -> tuple[Array, Array]:
    """Return the distances `(Q, CANDIDATES)` of the pictures of `pool` nearest to each of `query`,
    rising, and their positions.

    Distances are 1 - correlation of pixels (of all channels at once: brightness says nothing, what
    colours there are does), the best over shifts. `same` `(Q,)` are positions in
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
    """Return blurred pictures as vectors `(N, channels * COARSE²)` of length 1."""
    step = small.shape[2] // COARSE
    cells = small.reshape(len(small), -1, COARSE, step, COARSE, step).mean(axis=(3, 5))
    return _normal(cells.reshape(len(small), -1))


def _normal(vectors: Array) -> Array:
    centred = vectors - vectors.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6))


def _aligned(query: Array, candidates: Array) -> Array:
    """Return distances `(q, m)` of pictures `(q, C, S, S)` to candidates `(q, m, C, S, S)`.

    The correlation of the query's middle with every window of a candidate, by Fourier transforms
    and running sums (Lewis, 1995, fast normalised cross-correlation).
    """
    from scipy.fft import irfft2, rfft2

    count, channels, side, _ = query.shape
    reach = side * REACH // SIDES[0]
    inner = side - 2 * reach
    middle = query[:, :, reach : reach + inner, reach : reach + inner].reshape(count, -1)
    sought = _normal(middle.astype(np.float64)).reshape(count, 1, channels, inner, inner)
    spectrum = rfft2(candidates, (side, side)) * np.conj(rfft2(sought, (side, side)))
    shifts = side - inner + 1
    product = irfft2(spectrum.sum(axis=2), (side, side))[..., :shifts, :shifts]
    values = candidates.astype(np.float64)
    total = _window_sums(values.sum(axis=2), inner)
    squares = _window_sums((values**2).sum(axis=2), inner)
    spread = squares - total**2 / (channels * inner**2)
    likeness = product / np.maximum(np.sqrt(np.maximum(spread, 1e-12)), 1e-6)
    return np.asarray(np.maximum(1.0 - likeness.max(axis=(2, 3)), LEAST))


def _window_sums(values: Array, inner: int) -> Array:
    """Return the sums `(..., S - inner + 1, S - inner + 1)` over all square windows."""
    for axis in (-2, -1):
        run = np.moveaxis(np.insert(np.cumsum(values, axis), 0, 0.0, axis), axis, 0)
        values = np.moveaxis(run[inner:] - run[:-inner], 0, axis)
    return values
