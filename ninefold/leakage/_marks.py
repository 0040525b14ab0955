"""The same few pixels with the same values on many pictures of one class: a mark put on them."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.chance import SURE, log10_excess
from ninefold.pixels import convert

SIDE, EDGE = 64, 0.25
"""Pixels a side that larger pictures, or pictures of several sizes, are brought to; share of a side
that is edge."""
STEP = 10
"""Levels of grey; pixels within two such steps are alike (what JPEG changes)."""
LEAST, SELDOM, MIN_CLASS, MOST_CLASSES = 0.3, 0.1, 20, 50
"""Share of a class that bears the mark, times less that others may, pictures it must have, and
classes looked at, the most common ones."""
PIXELS, WHOLE = 4, 0.8
"""Pixels a mark has; share of them that a picture with the mark shows, and of the pictures with its
commonest pixel that show another one of it."""
OTHER, APART = 16, 0.5
"""Levels of grey by which another pixel differs; share of the pixels around a mark, and of those on
each side of it, that do."""

_Common = tuple[Array, Array, Array]


@dataclass(frozen=True)
class Mark:
    """A mark of class `klass` around a row and column (shares of the sides), and who bears it."""

    klass: int
    at: tuple[float, float]
    pixels: int
    share: float
    others: float


def mark_of(pictures: Array, y: Array) -> Mark | None:
    """Return the mark at the edge of pictures `(N,)` that goes with a class of `y` `(N,)`.

    What a picture shows varies from one to the next and goes on from the edge to the inside. A mark
    is alike wherever it stands, ends before the inside, and differs from what is around it. Pixels
    up to two apart, such as the letters of a word, are one mark.
    """
    grey, size = _grey(pictures), np.bincount(y)
    common = np.argsort(-size, kind="stable")[:MOST_CLASSES]
    classes = [klass for klass in common if MIN_CLASS <= size[klass] < len(y)]
    members = (
        np.stack([y == klass for klass in classes])
        if classes
        else np.empty((0, len(y)), dtype=bool)
    )
    best: Mark | None = None
    for klass, inside, usual in zip(classes, members, _commonest(grey, members), strict=True):
        found = _of_class(grey, inside, usual, int(klass))
        if found is not None and (best is None or found.share > best.share):
            best = found
    return best


def _grey(pictures: Array) -> Array:
    """Return pictures as steps of grey `(N, H, W)` of one size."""
    from PIL import Image

    sizes = {picture.shape[:2] for picture in pictures}
    height, width = next(iter(sizes)) if len(sizes) == 1 else (SIDE, SIDE)
    shape = min(height, SIDE), min(width, SIDE)
    grey = np.empty((len(pictures), *shape), dtype=np.int16)
    for row, picture in enumerate(pictures):
        image = Image.fromarray(convert(picture, 3)).convert("L")
        if picture.shape[:2] != shape:
            image = image.resize(shape[::-1], Image.Resampling.BILINEAR)
        grey[row] = np.asarray(image)
    return grey


def _of_class(grey: Array, inside: Array, common: _Common, klass: int) -> Mark | None:
    from scipy.ndimage import binary_dilation, label

    start, usual, others = common
    telling = (usual >= LEAST) & (others <= usual / 2)
    areas, count = label(binary_dilation(telling, np.ones((3, 3))), np.ones((3, 3)))
    for area in range(1, count + 1):
        place = telling & (areas == area)
        if (place & _middle(place.shape)).any() or not _is_small(place):
            continue
        place &= usual >= WHOLE * usual[place].max()
        if place.sum() < PIXELS:
            continue
        borne = _bearing(grey, inside, place, start)
        share, rest = float(borne[inside].mean()), float(borne[~inside].mean())
        if share < LEAST or rest > SELDOM * share:
            continue
        hits = int(borne[inside].sum()), int(borne[~inside].sum())
        if log10_excess(hits[0], int(inside.sum()), hits[1], int((~inside).sum())) <= SURE:
            at = np.argwhere(place).mean(axis=0) / place.shape
            return Mark(klass, (float(at[0]), float(at[1])), int(place.sum()), share, rest)
    return None


def _is_small(place: Array) -> bool:
    """Tell whether a place `(H, W)` reaches at most half way from one side to another."""
    spans = [int(np.ptp(at)) + 1 for at in np.nonzero(place)]
    return all(span <= of / 2 for span, of in zip(spans, place.shape, strict=True))


def _bearing(grey: Array, inside: Array, place: Array, start: Array) -> Array:
    """Return the mask `(N,)` of pictures that show the values of a place, and others around it.

    Where what is around goes on alike on one side in most pictures of the class, none bears a mark.
    """
    sides, nearest = _around(place)
    whole = _alike(grey[:, place], start[place]).mean(axis=1) >= WHOLE
    near = start[nearest] + STEP
    apart = [np.abs(grey[:, side] - near[side]) > OTHER for side in sides]
    all_apart = np.concatenate(apart, axis=1) if apart else np.zeros((len(grey), 1), dtype=bool)
    borne = np.asarray(whole & (all_apart.mean(axis=1) >= APART))
    some = borne & inside
    if not some.any() or any(side[some].mean() < APART for side in apart):
        return np.zeros(len(grey), dtype=bool)
    return borne


def _around(place: Array) -> tuple[list[Array], tuple[Array, Array]]:
    """Return masks `(H, W)` of what lies above, below and beside a place, two pixels wide with one
    left out, and the nearest pixel of the place to each.
    """
    from scipy.ndimage import binary_dilation, distance_transform_edt

    near = binary_dilation(place, np.ones((3, 3)))
    around = binary_dilation(near, np.ones((3, 3)), iterations=2) & ~near
    row, col = distance_transform_edt(~place, return_distances=False, return_indices=True)
    at_row, at_col = np.indices(place.shape)
    masks = [around & (at_row < row) & (at_col == col), around & (at_row > row) & (at_col == col)]
    masks += [around & (at_col < col) & (at_row == row), around & (at_col > col) & (at_row == row)]
    return [mask for mask in masks if mask.any()], (row, col)


def _commonest(grey: Array, members: Array) -> list[_Common]:
    """Return for each class `(K, N)` of each pixel `(H, W)` the values most told apart: their
    start, and their shares of the class and of the others.
    """
    flat, size = grey.reshape(len(grey), -1), members.sum(axis=1)[:, None]
    start = np.zeros((len(members), flat.shape[1]), dtype=np.int16)
    usual, rest = np.zeros(start.shape), np.ones(start.shape)
    weight = members.astype(np.float32)
    for low in range(0, 256 - STEP, STEP):
        alike = _alike(flat, low).astype(np.float32)
        count = weight @ alike
        here, there = count / size, (alike.sum(axis=0) - count) / np.maximum(len(flat) - size, 1)
        more = here - there > usual - rest
        start[more] = low
        usual, rest = np.where(more, here, usual), np.where(more, there, rest)
    shape = (len(members), *grey.shape[1:])
    return [*zip(start.reshape(shape), usual.reshape(shape), rest.reshape(shape), strict=True)]


def _alike(values: Array, start: Array | int) -> Array:
    """Tell which values lie in the two steps from `start`."""
    return (values >= start) & (values < start + 2 * STEP)


def _middle(shape: tuple[int, ...]) -> Array:
    """Return the mask `(H, W)` of what is no edge."""
    mask = np.zeros(shape, dtype=bool)
    rows, cols = (slice(int(n * EDGE), n - int(n * EDGE)) for n in shape)
    mask[rows, cols] = True
    return mask
