"""How alike two sequences are once one is moved by some steps, or reversed, to fit the other."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array

COARSE, FINE = {1: 48, 2: 36, 3: 30, 4: 24}, {1: 192, 2: 144, 3: 120, 4: 96}
"""Steps to which sequences of so many channels are brought to seek candidates, and to lay those on
each other."""
CANDIDATES = 9
LEAST_OVERLAP = 0.5
"""Share of the steps that must lie on each other."""
LEAST_PART = 0.1
"""Share of a sequence's variation that those steps must have: rest fits any other rest."""
SHORTENED = 0.1
"""Share of sequences that may be shorter than the length at which all are cut."""
LEAST_STEPS = 8
SHORT = 3
"""Power of the overlap by which candidates that overlap less must be nearer."""
CHANNELS = 4
"""Channels, or mixtures of them, that are looked at."""
LEAST = 1e-4
"""Distances below are those of one sequence saved twice."""
AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Aligned:
    """The sequences nearest to each of those asked, nearest first: distances `(Q, K)`, positions
    in the pool, and by how many steps what is asked begins later, as shares of the length.
    """

    distance: Array
    near: Array
    later: Array

    def joined(self, other: "Aligned") -> "Aligned":
        """Return these and those of another, one after the other."""
        pairs = (
            (self.distance, other.distance),
            (self.near, other.near),
            (self.later, other.later),
        )
        return Aligned(*(np.concatenate(pair) for pair in pairs))


def common(cells: list[Array]) -> tuple[Array, Array]:
    """Return which cells `(N,)` are long enough, and those, from their start and from their end
    backwards, at one length: float32 `(2, M, T, CHANNELS)`, one unit a deviation.
    """
    sizes = np.array([len(cell) for cell in cells])
    size = int(np.quantile(sizes, SHORTENED, method="lower")) if len(sizes) else 0
    is_long = sizes >= max(size, LEAST_STEPS)
    kept = [cell for cell, is_kept in zip(cells, is_long, strict=True) if is_kept]
    if not kept:
        return is_long, np.empty((2, 0, size, 1), dtype=np.float32)
    size = max(size, LEAST_STEPS)
    most = max(FINE.values())
    both = [
        [_brought(_filled(side[:size]), most) for side in sides]
        for sides in (kept, [cell[::-1] for cell in kept])
    ]
    return is_long, _mixed(np.array(both, dtype=np.float64))


def _filled(steps: Array) -> Array:
    """Return steps `(T, C)` with the mean of their channel where there is none."""
    is_known = np.isfinite(steps)
    if is_known.all():
        return steps
    count = is_known.sum(axis=0)
    mean = np.where(is_known, steps, 0.0).sum(axis=0) / np.maximum(count, 1)
    return np.where(is_known, steps, mean)


def _mixed(steps: Array) -> Array:
    """Return steps `(..., C)` in deviations of their channel; many channels as the few mixtures
    that vary most. What is missing is 0.
    """
    flat = steps.reshape(-1, steps.shape[-1])
    flat = np.where(np.isfinite(flat), flat, np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        middle, spread = np.nanmedian(flat, axis=0), np.nanstd(flat, axis=0)
    usable = np.where(np.isfinite(spread) & (spread > 0), spread, np.inf)
    plain = np.nan_to_num((flat - middle) / usable).clip(-10.0, 10.0)
    if plain.shape[1] > CHANNELS:
        plain = plain @ np.linalg.eigh(plain.T @ plain)[1][:, -CHANNELS:]
    return np.asarray(plain.reshape(*steps.shape[:-1], -1), dtype=np.float32)


def aligned(asked: Array, pool: Array, same: Array | None = None) -> Aligned:
    """Return the `CANDIDATES` sequences of `pool` `(P, T, C)` nearest to each of those `asked`
    `(2, Q, T, C)`, as they are and reversed.

    Distances are 1 - the correlation of steps that lie on each other, to the power of the share of
    steps that do, since few steps fit by chance (so are likelihoods of that); the least counts, at
    any move. Scale and level of a sequence do not count, its sign does. `same` `(Q,)` are positions
    in `pool` of those asked.
    """
    small, known = (_brought(some, COARSE[pool.shape[2]]) for some in (asked, pool))
    rows = max(1, AT_ONCE // max(len(pool), 1))
    near = [
        _candidates(small[:, at : at + rows], known, None if same is None else same[at : at + rows])
        for at in range(0, asked.shape[1], rows)
    ]
    places = np.concatenate(near)
    large, others = (_brought(some, FINE[pool.shape[2]]) for some in (asked, pool))
    distance, later = _laid(small, known, large, others, places)
    order = np.argsort(distance, axis=1, kind="stable")
    return Aligned(*(np.take_along_axis(of, order, 1) for of in (distance, places, later)))


def _brought(steps: Array, size: int) -> Array:
    """Return steps `(..., T, C)` in means of at most `size` stretches of equal length."""
    length = steps.shape[-2]
    if length <= size:
        return steps
    edges = np.linspace(0, length, size + 1)
    total = np.cumsum(steps, axis=-2, dtype=np.float64)
    total = np.concatenate([np.zeros_like(total[..., :1, :]), total], axis=-2)
    whole = edges.astype(int).clip(max=length - 1)
    part = (edges - whole)[:, None]
    read = total[..., whole, :] * (1 - part) + total[..., whole + 1, :] * part
    return np.asarray(np.diff(read, axis=-2) * (size / length), dtype=steps.dtype)


def _moves(size: int) -> range:
    most = int(size * (1 - LEAST_OVERLAP))
    return range(-most, most + 1)


def _candidates(asked: Array, pool: Array, same: Array | None) -> Array:
    """Return positions `(Q, CANDIDATES)` in pool of the most alike at any move."""
    best: Array = np.full((asked.shape[1], len(pool)), -np.inf, dtype=np.float32)
    mine, theirs = _total(asked), _total(pool)
    size = pool.shape[1]
    for move in _moves(size):
        known = _normal(pool[:, max(0, -move) : size - max(0, move)], theirs).T
        ours = asked[:, :, max(0, move) : size + min(0, move)]
        weight = np.float32((size / (size - abs(move))) ** SHORT)
        for way in range(2):
            found = _normal(ours[way], mine[way]) @ known
            found -= 1.0
            found *= weight
            np.maximum(best, found, out=best)
    if same is not None:
        best[np.arange(len(best)), same] = -np.inf
    count = min(CANDIDATES, len(pool) - (same is not None))
    return np.asarray(np.argpartition(-best, count - 1, axis=1)[:, :count])


def _total(steps: Array) -> Array:
    """Return the variation `(..., N)` of steps `(..., N, T, C)` around their mean."""
    return np.asarray(steps.var(axis=-2).sum(axis=-1) * steps.shape[-2])


def _normal(steps: Array, total: Array) -> Array:
    """Return parts of sequences `(N, T, C)` as vectors of length 1; 0 where they hardly vary."""
    centred = steps - steps.mean(axis=1, keepdims=True)
    centred = centred.reshape(len(steps), steps.shape[1] * steps.shape[2])
    length = np.einsum("ij,ij->i", centred, centred)
    scale = np.where(length > _least(total), length, np.inf)
    return np.asarray(centred / np.sqrt(scale)[:, None], dtype=np.float32)


def _laid(
    small: Array, known: Array, large: Array, others: Array, places: Array
) -> tuple[Array, Array]:
    """Return the distances of those asked and others at places `(Q, K)`, and how much later."""
    first, second = np.repeat(np.arange(len(places)), places.shape[1]), places.reshape(-1)
    both = [_fitted(side[first], known[second]) for side in small]
    is_back = both[1][0] > both[0][0]
    best, move = (np.where(is_back, back, plain) for plain, back in zip(*both, strict=True))
    ratio = others.shape[1] / known.shape[1]
    if ratio > 1:
        about = np.rint(move * ratio)
        best, move = _fitted(large[is_back.astype(int), first], others[second], about, ratio)
    apart = np.maximum(-best, LEAST)
    later = -move / others.shape[1]
    return apart.reshape(places.shape), later.reshape(places.shape)


def _fitted(
    asked: Array, others: Array, about: Array | None = None, reach: float = 0.0
) -> tuple[Array, Array]:
    """Return minus the distance `(B,)` of sequences `(B, T, C)` at the best move, of all or of
    those `about` `(B,)`, and that move.
    """
    size = others.shape[1]
    best: Array = np.full(len(asked), -np.inf)
    found = np.zeros(len(asked), dtype=np.int64)
    mine, theirs = _summed(asked), _summed(others)
    for move in _moves(size):
        at = slice(None) if about is None else np.flatnonzero(np.abs(about - move) <= reach)
        ours, known = (max(0, move), size + min(0, move)), (max(0, -move), size - max(0, move))
        (first, one), (second, other) = _within(mine, at, *ours), _within(theirs, at, *known)
        both = np.einsum("itc,itc->i", mine[0][at, slice(*ours)], theirs[0][at, slice(*known)])
        fit = (both - (first * second).sum(axis=1) / (size - abs(move))) / np.sqrt(one * other)
        fit = -np.power(np.maximum(1.0 - fit, 1e-6), 1 - abs(move) / size)
        is_up = fit > best[at]
        best[at] = np.where(is_up, fit, best[at])
        found[at] = np.where(is_up, move, found[at])
    return best, found


def _summed(steps: Array) -> tuple[Array, Array, Array]:
    """Return steps `(B, T, C)` around their mean, and what they and all their squares sum to before
    each step, `(B, T + 1, C)` and `(B, T + 1)`.
    """
    centred = steps - steps.mean(axis=1, keepdims=True)
    squares = np.einsum("itc,itc->it", centred, centred)
    sums, all_squares = (np.cumsum(of, axis=1, dtype=np.float64) for of in (centred, squares))
    return centred, np.pad(sums, ((0, 0), (1, 0), (0, 0))), np.pad(all_squares, ((0, 0), (1, 0)))


def _within(
    summed: tuple[Array, Array, Array], at: Array | slice, start: int, end: int
) -> tuple[Array, Array]:
    """Return the sums `(B, C)` of steps from start to end, and their variation `(B,)`: infinite
    where they hardly vary.
    """
    _, sums, squares = summed
    total = sums[at, end] - sums[at, start]
    varied = squares[at, end] - squares[at, start] - (total**2).sum(axis=1) / (end - start)
    return total, np.where(varied > _least(squares[at, -1]), varied, np.inf)


def _least(total: Array) -> Array:
    """Return how much a part of sequences that vary so much in total must vary."""
    return np.maximum(LEAST_PART * total, 1e-6)
