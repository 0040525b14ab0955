"""How alike two pictures are once one is mirrored, turned, moved and zoomed onto the other."""

from itertools import product

import numpy as np

from ninefold.columns import Array

SIDE, COARSE, BLURRED = 24, 12, 8
"""Sides at which pictures are laid on each other, at which it is begun, and of the plain look."""
TURNS = (0.0, -10.0, 10.0)
"""Degrees from which it is begun; what lies between is found."""
WAVES = 6
"""Lowest frequencies whose strength finds candidates: it stays where a picture is moved."""
PLAIN, MOVED = 3, 6
"""Candidates by the plain look, and by frequencies."""
STEPS = 6
MOST_ZOOM = 1.6
"""Times by which a picture may be larger or smaller than another."""
LEAST = 1e-3
"""Distances below are those of one picture saved twice."""
AT_ONCE = 256


def registered(query: Array, pool: Array, same: Array | None = None) -> tuple[Array, Array]:
    """Return distances `(Q, PLAIN + MOVED)` of the pictures of `pool` nearest to each of `query`,
    rising, and their positions.

    Distances are 1 - correlation of pixels after the best similarity (inverse compositional
    alignment: Baker and Matthews, 2004). Pictures are `(N, SIDE, SIDE)` float32; `same` `(Q,)` are
    positions in `pool` of the queries themselves, which do not count.
    """
    views = [_turned(view, turn) for view, turn in product(_views(query), TURNS)]
    near = _candidates(query, pool, views, same)
    count = near.shape[1]
    best = np.empty(near.shape, dtype=np.float32)
    every = np.stack(views)
    rows = max(1, AT_ONCE // count)
    for start in range(0, len(query), rows):
        at = near[start : start + rows]
        others = pool[at]
        view, move = _begun(every[:, start : start + rows], others)
        asked = every[view, start + np.arange(len(at))[:, None]]
        flat = asked.reshape(-1, SIDE, SIDE), others.reshape(-1, SIDE, SIDE)
        best[start : start + rows] = _laid(*flat, move.reshape(-1, 2)).reshape(at.shape)
    order = np.argsort(best, axis=1, kind="stable")
    return np.take_along_axis(best, order, 1), np.take_along_axis(near, order, 1)


def _views(pictures: Array) -> list[Array]:
    """Return pictures as they are, mirrored, and turned by quarters: eight in all."""
    both = (pictures, pictures[:, :, ::-1])
    return [np.rot90(side, quarter, (1, 2)) for side in both for quarter in range(4)]


def _turned(pictures: Array, degrees: float) -> Array:
    from scipy.ndimage import rotate

    if not degrees:
        return np.ascontiguousarray(pictures)
    turned = rotate(pictures, degrees, axes=(2, 1), reshape=False, order=1, mode="nearest")
    return np.asarray(turned, dtype=np.float32)


def _candidates(query: Array, pool: Array, views: list[Array], same: Array | None) -> Array:
    """Return positions `(Q, PLAIN + MOVED)` in `pool` of what may be the same picture."""
    step = len(TURNS)
    plain = _likeness([_blurred(view) for view in views[::step]], _blurred(pool))
    # Frequencies do not tell a picture from itself turned by half.
    waves = [_waves(view) for k in (0, 1, 4, 5) for view in views[k * step : (k + 1) * step]]
    moved = _likeness(waves, _waves(pool))
    own = np.arange(len(query))
    if same is not None:
        plain[own, same] = moved[own, same] = -np.inf
    rest = len(pool) - (same is not None)
    first = _best(plain, min(PLAIN, rest))
    moved[own[:, None], first] = -np.inf
    return np.concatenate([first, _best(moved, min(MOVED, rest - first.shape[1]))], axis=1)


def _likeness(views: list[Array], pool: Array) -> Array:
    """Return the correlation `(Q, P)` of the view that is most like each of the pool."""
    best = views[0] @ pool.T
    for view in views[1:]:
        np.maximum(best, view @ pool.T, out=best)
    return np.asarray(best)


def _best(likeness: Array, count: int) -> Array:
    if count == 0:
        return np.empty((len(likeness), 0), dtype=np.int64)
    return np.asarray(np.argpartition(-likeness, count - 1, axis=1)[:, :count])


def _blurred(pictures: Array) -> Array:
    return _normal(_shrunk(pictures, BLURRED).reshape(len(pictures), -1))


def _shrunk(pictures: Array, side: int) -> Array:
    """Return pictures `(..., SIDE, SIDE)` in means of cells `(..., side, side)`."""
    step = SIDE // side
    cells = pictures.reshape(*pictures.shape[:-2], side, step, side, step)
    return np.asarray(cells.mean(axis=(-3, -1)))


def _waves(pictures: Array) -> Array:
    """Return the strengths of low frequencies as vectors of length 1."""
    from scipy.fft import rfft2

    window = np.sqrt(np.hanning(SIDE + 2)[1:-1]).astype(np.float32)
    plain = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    found = np.abs(rfft2(plain * np.outer(window, window)))[:, :, : WAVES + 1]
    kept = np.concatenate([found[:, : WAVES + 1], found[:, -WAVES:]], axis=1)
    return _normal(np.sqrt(kept).reshape(len(pictures), -1).astype(np.float32))


def _normal(vectors: Array) -> Array:
    centred = vectors - vectors.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    return np.asarray(centred / np.maximum(length, 1e-6))


def _begun(views: Array, others: Array) -> tuple[Array, Array]:
    """Return which of views `(V, q, S, S)` is most like each of others `(q, m, S, S)`, `(q, m)`,
    and how far it is moved, `(q, m, 2)` pixels, in steps of two.
    """
    from scipy.fft import irfft2, rfft2

    small, known = _whole(_shrunk(views, COARSE)), _whole(_shrunk(others, COARSE))
    spectra, sought = rfft2(small), np.conj(rfft2(known))
    best: Array = np.full(others.shape[:2], -np.inf)
    view, move = np.zeros(best.shape, dtype=np.int64), np.zeros((*best.shape, 2))
    for number, spectrum in enumerate(spectra):
        found = irfft2(spectrum[:, None] * sought, (COARSE, COARSE))
        flat = found.reshape(*best.shape, -1)
        peak = flat.argmax(axis=2)
        value = np.take_along_axis(flat, peak[..., None], 2)[..., 0]
        is_up = value > best
        best[is_up], view[is_up] = value[is_up], number
        away = np.stack(np.divmod(peak, COARSE), axis=2)
        away = np.where(away > COARSE // 2, away - COARSE, away)
        move[is_up] = -(SIDE // COARSE) * away[is_up]
    return view, move


def _whole(pictures: Array) -> Array:
    flat = _normal(pictures.reshape(*pictures.shape[:-2], -1))
    return np.asarray(flat.reshape(pictures.shape))


def _laid(asked: Array, others: Array, move: Array) -> Array:
    """Return the distance `(B,)` of pictures once others `(B, S, S)` are laid on those asked."""
    places = _places()
    inner = _inner(asked)
    target: Array = _normal(inner)
    descent, inverse = _descent(asked, target, places)
    warp: Array = np.tile(np.eye(3, dtype=np.float32), (len(asked), 1, 1))
    warp[:, :2, 2] = move
    best: Array = np.full(len(asked), 2.0, dtype=np.float32)
    for _ in range(STEPS + 1):
        found = _normal(_read(others, warp, places))
        apart = 1.0 - (found * target).sum(axis=1)
        best = np.where(_is_like(warp), np.minimum(best, apart), best)
        warp = warp @ np.linalg.inv(_step(inverse, descent, found - target))
    return np.asarray(np.maximum(best, LEAST))


def _places() -> Array:
    """Return the places `(P, 3)` of the inner pixels, from the middle: down, right and 1."""
    edge, middle = SIDE // 8, (SIDE - 1) / 2
    down, right = np.mgrid[edge : SIDE - edge, edge : SIDE - edge].reshape(2, -1) - middle
    return np.stack([down, right, np.ones(len(down))], axis=1).astype(np.float32)


def _inner(pictures: Array) -> Array:
    edge = SIDE // 8
    return np.asarray(pictures[:, edge:-edge, edge:-edge]).reshape(len(pictures), -1)


def _descent(asked: Array, target: Array, places: Array) -> tuple[Array, Array]:
    """Return how normal pixels change with zoom, turn and moves `(B, P, 4)`, and the inverse of
    what that gives by squares `(B, 4, 4)`.
    """
    slopes = np.gradient(asked, axis=(1, 2))
    length = np.linalg.norm(_inner(asked) - _inner(asked).mean(axis=1, keepdims=True), axis=1)
    down, right = (_inner(slope) / np.maximum(length, 1e-6)[:, None] for slope in slopes)
    y, x = places[:, 0], places[:, 1]
    found = np.stack([(down * y + right * x), (right * y - down * x), down, right], axis=2)
    found[..., :2] *= 3 / SIDE
    found -= found.mean(axis=1, keepdims=True)
    found -= target[..., None] * (found * target[..., None]).sum(axis=1, keepdims=True)
    squares = np.swapaxes(found, 1, 2) @ found
    size = np.maximum(np.trace(squares, axis1=1, axis2=2) / 4, 1e-3)
    held = squares + 1e-3 * size[:, None, None] * np.eye(4, dtype=np.float32)
    return found, np.linalg.inv(held)


def _step(inverse: Array, descent: Array, miss: Array) -> Array:
    """Return the similarity `(B, 3, 3)` that would bring about the miss `(B, P)`."""
    change = (inverse @ (np.swapaxes(descent, 1, 2) @ miss[..., None]))[..., 0]
    zoom, turn = 1 + change[:, 0] * 3 / SIDE, change[:, 1] * 3 / SIDE
    made = np.zeros((len(miss), 3, 3), dtype=np.float32)
    made[:, 0, 0] = made[:, 1, 1] = np.clip(zoom, 0.5, 2.0)
    made[:, 0, 1], made[:, 1, 0] = -turn, turn
    made[:, 0, 2], made[:, 1, 2], made[:, 2, 2] = change[:, 2], change[:, 3], 1.0
    return made


def _is_like(warp: Array) -> Array:
    """Tell which warps `(B, 3, 3)` leave things about as large as they are."""
    zoom = np.hypot(warp[:, 0, 0], warp[:, 1, 0])
    return np.asarray((zoom > 1 / MOST_ZOOM) & (zoom < MOST_ZOOM))


def _read(pictures: Array, warp: Array, places: Array) -> Array:
    """Return the pixels `(B, P)` of pictures at places moved by `warp`, between four pixels."""
    where = places @ np.swapaxes(warp[:, :2], 1, 2) + np.float32((SIDE - 1) / 2)
    where = np.nan_to_num(where).clip(0, SIDE - 1.001)
    whole = where.astype(np.int32)
    part = where - whole
    first = np.arange(len(pictures), dtype=np.int32)[:, None] * SIDE**2
    at = first + whole[..., 0] * SIDE + whole[..., 1]
    flat, down, right = pictures.reshape(-1), part[..., 0], part[..., 1]
    upper = flat[at] * (1 - right) + flat[at + 1] * right
    lower = flat[at + SIDE] * (1 - right) + flat[at + SIDE + 1] * right
    return np.asarray(upper * (1 - down) + lower * down)
