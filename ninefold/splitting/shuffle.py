"""Shuffled, stratified division of units that must not be torn apart."""

import numpy as np

from ninefold.columns import Array
from ninefold.splitting.base import NONE, TEST, TRAIN, VALID


def unit_table(unit: Array, stratum: Array) -> tuple[Array, Array, Array]:
    """Return the row's unit number from 0 `(N,)`, and size and stratum of each unit `(U,)`.

    A unit's stratum is that of its first row.
    """
    _, first, inverse, size = np.unique(
        unit, return_index=True, return_inverse=True, return_counts=True
    )
    return inverse, size, stratum[first]


LARGE, LEAST_LARGE = 0.1, 4
"""Units of more than this share of the smallest part, and more rows, are dealt before the others
are cut."""


def divide(unit: Array, stratum: Array, valid_size: float, test_size: float, seed: int) -> Array:
    """Return part codes `(N,)`: shares as asked, each stratum spread evenly, units whole.

    Units stand shuffled inside their stratum, each at its share of the stratum's rows; read in
    that order, every stretch holds all strata in proportion. The order is cut by cumulated rows.
    Large units come first, by lot to where they fit; what they leave of each part the others fill.
    """
    inverse, size, level = unit_table(unit, stratum)
    rng = np.random.default_rng(seed)
    shares = np.array([1 - valid_size - test_size, valid_size, test_size])
    part = np.full(len(size), TRAIN)
    is_large = size > max(LEAST_LARGE, LARGE * shares.min() * len(unit))
    small = np.flatnonzero(~is_large)
    if is_large.any():
        room = _deal_large(part, np.flatnonzero(is_large), size, shares * len(unit), rng).clip(0)
        _, valid_size, test_size = room / max(room.sum(), 1)
    if len(small):
        rows = size[small]
        order = _interleaved(rows, level[small], rng)
        middle = (np.cumsum(rows[order]) - rows[order] / 2) / rows.sum()
        part[small[order[middle < test_size + valid_size]]] = VALID
        part[small[order[middle < test_size]]] = TEST
    return part[inverse]


def _deal_large(
    part: Array, units: Array, size: Array, room: Array, rng: np.random.Generator
) -> Array:
    """Put `units` into `part`, the largest first; return the rows `(3,)` that parts still lack.

    Each goes by lot to one of the parts that hold it, with chances as their room; what fits in none
    goes where it exceeds the size least, for that size: a small part keeps several entities.
    """
    asked, room = room, room.copy()
    tie = rng.permutation(len(units))
    for one in units[np.lexsort((tie, -size[units]))].tolist():
        chance = np.where(room >= size[one], room, 0.0)
        draw = rng.random()
        if chance.any():
            part[one] = int(np.searchsorted(np.cumsum(chance) / chance.sum(), draw, side="right"))
        else:
            part[one] = int(((size[one] - room) / asked).argmin())
        room[part[one]] -= size[one]
    return room


def _interleaved(size: Array, level: Array, rng: np.random.Generator) -> Array:
    """Order units `(U,)` so that each stratum is spread evenly over the order."""
    shuffled = rng.permutation(len(size))
    shuffled = shuffled[np.argsort(level[shuffled], kind="stable")]
    levels, sizes = level[shuffled], size[shuffled]
    starts = np.flatnonzero(np.r_[True, levels[1:] != levels[:-1]])
    run = np.cumsum(np.r_[True, levels[1:] != levels[:-1]]) - 1
    total = np.add.reduceat(sizes, starts)
    before = np.cumsum(sizes) - sizes - np.r_[0, np.cumsum(total)[:-1]][run]
    offset = rng.random(len(starts))
    key = (before + offset[run] * sizes) / total[run]
    return np.asarray(shuffled[np.lexsort((rng.random(len(key)), key))])


def spread_folds(unit: Array, stratum: Array, folds: int, seed: int) -> Array:
    """Return the fold `(N,)` of each row: strata and sizes balanced, units whole.

    Raises nothing; with fewer units than folds the later folds stay empty.
    """
    inverse, size, level = unit_table(unit, stratum)
    tie = np.random.default_rng(seed).random(len(size))
    order = np.lexsort((tie, -size, level))
    turn, step = np.divmod(np.arange(len(order)), folds)
    fold = np.empty(len(size), dtype=np.int64)
    fold[order] = np.where(turn % 2 == 0, step, folds - 1 - step)
    return fold[inverse]


def give_train_every_class(part: Array, unit: Array, stratum: Array) -> tuple[Array, int]:
    """Move one unit of each class that train lacks into train; return the parts and the moves."""
    missing = np.setdiff1d(stratum[part > TRAIN], stratum[part == TRAIN])
    part = part.copy()
    for level in missing.tolist():
        left = np.flatnonzero((stratum == level) & (part > TRAIN))
        if len(left):  # not brought along with another class
            part[unit == unit[left[-1]]] = TRAIN
    return part, len(missing)


def give_parts_every_class(part: Array, unit: Array, stratum: Array) -> tuple[Array, int]:
    """Move a unit from train to valid or test for each class they lack.

    Only classes of which train keeps at least one other unit, and only units of one class.
    """
    part, moves = part.copy(), 0
    for code in (TEST, VALID):
        for level in np.setdiff1d(stratum[part == TRAIN], stratum[part == code]).tolist():
            units = np.unique(unit[(stratum == level) & (part == TRAIN)])
            alone = [u for u in units[:50].tolist() if (stratum[unit == u] == level).all()]
            if len(units) >= 2 and alone:
                part[(unit == alone[0]) & (part != NONE)] = code
                moves += 1
    return part, moves
