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


def divide(unit: Array, stratum: Array, valid_size: float, test_size: float, seed: int) -> Array:
    """Return part codes `(N,)`: shares as asked, each stratum spread evenly, units whole.

    Units stand shuffled inside their stratum, each at its share of the stratum's rows; read in
    that order, every stretch holds all strata in proportion. The order is cut by cumulated rows.
    """
    inverse, size, level = unit_table(unit, stratum)
    order = _interleaved(size, level, np.random.default_rng(seed))
    middle = (np.cumsum(size[order]) - size[order] / 2) / size.sum()
    part = np.full(len(size), TRAIN)
    part[order[middle < test_size + valid_size]] = VALID
    part[order[middle < test_size]] = TEST
    return part[inverse]


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
        row = np.flatnonzero((stratum == level) & (part > TRAIN))[-1]
        part[unit == unit[row]] = TRAIN
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
