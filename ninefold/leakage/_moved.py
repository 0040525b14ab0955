"""Which test sequences are train sequences rescaled, noisy, moved or reversed, or overlap them."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._alignment import Aligned, aligned, common
from ninefold.leakage._copied import MIN_POOL, Copies, Sought, is_plain
from ninefold.leakage._steps import SUSPECT, UNLIKELY, Leading, leading
from ninefold.leakage.case import Case
from ninefold.sequences import trimmed

FIRST, INSIDE, KNOWN = 200, 150, 6000
"""Test sequences that are laid on others before more are, sequences of train that are, and those
that any is laid on."""
ALL_ALIKE = 5e-4
"""Distance of the sixth neighbour below which sequences are all alike."""
THINNED, MANY = (1, 4, 16), 0.25
"""One in so many sequences is kept to be laid on, since close windows of one recording have many
others near; and the share that must lead then, in test and inside train."""
LOWER = 0.25
"""Quantile of what is usual inside train."""
ONE_WAY = 0.95
"""Share of copies that go on after their twin from which a split by time may have left them."""


def moved(cells: Array, drawn: Sought, case: Case) -> Copies | None:
    """Return the copies there are to see once sequences are laid on each other; None: none."""
    rng = np.random.default_rng(case.seed)
    places = np.sort(rng.permutation(len(drawn.pool))[:KNOWN])
    rows = np.concatenate([drawn.pool[places], drawn.test])
    is_long, both = common([trimmed(cells[row]) for row in rows])
    known, seen = places[is_long[: len(places)]], np.flatnonzero(is_long[len(places) :])
    if len(known) < MIN_POOL or not len(seen):
        return None
    drawing, order = rng.permutation(len(known)), rng.permutation(len(seen))
    asked = both[:, len(known) :][:, order]
    for thin in THINNED:
        kept = np.sort(drawing[: len(drawing) // thin])
        if len(kept) < MIN_POOL:
            break
        looked = _looked(asked, both[:, kept], rng)
        if looked is None:
            continue
        found, near, inside = looked
        if _goes_on(found, near, inside):
            break
        if thin == 1 or _is_throughout(found):
            at = seen[order[: len(near.near)]]
            twins = known[kept][near.near[:, 0]]
            return found.copies(at, twins, near.distance[:, 0], len(drawn.test))
    return None


def _looked(
    asked: Array, known: Array, rng: np.random.Generator
) -> tuple[Leading, Aligned, Aligned] | None:
    """Return what leads among those asked `(2, Q, T, C)`, of which a few are looked at first, what
    is near them, and what is near those known to each other.
    """
    own = rng.permutation(known.shape[1])[:INSIDE]
    inside = aligned(known[:, own], known[0], own)
    near = aligned(asked[:, :FIRST], known[0])
    if asked.shape[1] > FIRST and leading(near.distance, inside.distance, SUSPECT, ALL_ALIKE):
        near = near.joined(aligned(asked[:, FIRST:], known[0]))
    found = leading(near.distance, inside.distance, UNLIKELY, ALL_ALIKE)
    if found is None or is_plain(found.is_copy, near.distance):
        return None
    return found, near, inside


def _is_throughout(found: Leading) -> bool:
    """Tell whether many lead, in test and inside train, as windows of few recordings do."""
    return bool(min(found.is_copy.mean(), found.share_inside) >= MANY)


def _goes_on(found: Leading, near: Aligned, inside: Aligned) -> bool:
    """Tell whether copies are the first windows after a split by time, of which all are near each
    other.
    """
    later = near.later[found.is_copy, 0]
    usual = np.median(near.distance[found.is_copy, 0])
    return bool(
        (later > 0).mean() >= ONE_WAY and np.quantile(inside.distance[:, 0], LOWER) <= usual
    )
