"""Which cells are copies where copies may lie on both sides of a split, many of each."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._copied import ALIKE, Copies
from ninefold.leakage.chance import log10_excess, log10_more

LEADS = 5
"""Copies of one cell that are looked for: the widest step among so many first neighbours."""
SECOND = {0.5: 0.4575, 0.9: 0.9362}
"""Quantiles of the second widest of `LEADS` steps that are exponential with means 1, 1/2, 1/3 …,
as neighbours of honest cells have them (Facco and others, 2017)."""
USUAL, ROUNDS = 3.0, 12
"""Steps that count as usual when it is sought what is, and times it is sought again."""
NEARER, FURTHER = (4.0, 4.5, 5.0, 5.5, 6.0, 6.5), (5.0, 6.0, 7.0)
"""Steps, in usual ones, from which a cell may be a copy if there is a gap below, and else: e^-5 to
e^-7 of honest ones are so wide at most."""
SUSPECT, UNLIKELY = -1.3, -4.0
"""log10 of the chance that so many lead by themselves, below which more are looked at, and below
which they are copies."""
GAP, SURE = 3.0, -3.0
"""Width of a gap, and log10 of the chance that there is none."""
LEAST_NAMED, SPURIOUS = 2.0, 0.1
"""Steps from which copies may be named once there are some, and the share of these by chance."""
LEAST = 0.02
SELDOM = 0.02
"""Share of other cells that are as near to any as copies where nothing else parts them."""
AUGMENTED, AS_NEAR = 0.9, 0.95
"""Share of train with copies inside from which cells further than that quantile of theirs are none:
what is like a picture is like all its copies, and a gap comes after these."""
IN_BURSTS, BESIDE, APART = 0.25, 0.02, 5.0
"""Share of test, and of train, with a cell beside it and then a gap from which all come in bursts,
such as the frames of a film; how near that cell is, and how many times further what follows."""
CLOSED = 0.7
"""Share of what is beside a cell's nearest that is beside itself, too, in a burst."""
ALL_ALIKE, OFTEN = 0.02, 0.25
"""Distance of the neighbour after the last copy that there may be below which cells are all alike,
and the share of such cells from which nothing can be told."""


@dataclass(frozen=True)
class Leading:
    """Cells that are copies `(Q,)`, the share of cells inside train that are, and whether something
    parts them from all others: a gap, or train without copies; and, where there are copies, all
    cells `(Q,)` among which hardly any leads by chance.
    """

    is_copy: Array
    share_inside: float
    is_apart: bool
    is_named: Array

    def copies(self, rows: Array, twins: Array, distance: Array, count: int) -> Copies:
        """Return the copies among `count` cells, of which those at `rows` `(Q,)` were looked at,
        nearest to `twins` `(Q,)` of the pool at a distance `(Q,)`.
        """
        is_copy, is_sure = np.zeros((2, count), dtype=bool)
        twin, apart = np.zeros(count, np.int64), np.ones(count)
        is_copy[rows], is_sure[rows] = self.is_named, self.is_copy
        twin[rows], apart[rows] = twins, distance
        return Copies(is_copy, is_sure, twin, apart, self.share_inside, self.is_apart)


def leading(
    distance: Array, inside: Array, unlikely: float, alike: float = ALL_ALIKE
) -> Leading | None:
    """Judge neighbours at distances `(Q, K)`, rising, by those that cells of train have inside.

    The distances from neighbour to neighbour rise in small steps; before the first that is no copy
    there is one wide step. How wide steps usually are is told by all others, without those that
    stand out. Honest tables have ever fewer cells with ever wider steps, so a gap below many wide
    ones is none of theirs, whether or not train has copies, too. None: so many lead by
    chance, of which `unlikely` is the log10 that is believed, or too many cells are all alike: the
    neighbour after the last copy that there may be is nearer than `alike`.
    """
    count = len(distance)
    every = np.concatenate([distance, inside])
    if every.shape[1] < LEADS + 2 or (every[:, LEADS] < alike).mean() > OFTEN:
        return None
    steps = np.log(every[:, 1 : LEADS + 1] / every[:, :LEADS])
    rank = steps.argmax(axis=1)
    is_near = np.take_along_axis(every, rank[:, None], 1)[:, 0] <= ALIKE
    wide = steps.max(axis=1) / _usual(every, steps)
    least, has_gap = _least(wide, is_near)
    if not has_gap:
        least = min(FURTHER, key=lambda far: _log10_chance((wide > far) & is_near, count, far))
    theirs = ((wide > least) & is_near)[count:]
    if theirs.mean() >= AUGMENTED:
        is_near &= every[:, 0] <= np.quantile(inside[theirs, 0], AS_NEAR)
    found = (wide > least) & is_near
    mine, theirs = found[:count], found[count:]
    excess = log10_excess(int(mine.sum()), count, int(theirs.sum()), len(theirs))
    is_apart = has_gap or excess <= SURE
    if not is_apart and not found.all():
        found &= every[:, 0] < np.quantile(every[~found, 0], SELDOM)
    if _log10_chance(found, count, least) > unlikely:
        return None
    named = _named(wide[:count], is_near[:count], least) | found[:count]
    return Leading(found[:count], float(theirs.mean()), is_apart, named)


def in_bursts(distance: Array, inside: Array) -> Leading | None:
    """Judge neighbours as `leading` does where nearly all cells have many copies, in train as well:
    then no step is usual, but many cells have some beside them and nothing else near.
    """
    found = [is_in_burst(some) for some in (distance, inside)]
    if min(one.mean() for one in found) < IN_BURSTS:
        return None
    return Leading(found[0], float(found[1].mean()), False, found[0])


def is_in_burst(distance: Array) -> Array:
    """Return the mask `(Q,)` of cells with one beside them, and a gap before all that are far."""
    before, after = distance[:, :-1], distance[:, 1:]
    gap = (after >= APART * before) & (before <= ALIKE) & (after >= ALIKE)
    return np.asarray((distance[:, 0] <= BESIDE) & gap.any(axis=1))


def are_closed(own: Array, mine: tuple[Array, Array], theirs: tuple[Array, Array]) -> bool:
    """Tell whether cells at `own` `(Q,)` and the nearest of each have the same cells beside them.

    `mine` and `theirs` are distances `(Q, K)` and positions of their neighbours. Frames of a film
    have; of plain shapes, which are all alike, each has some of many.
    """
    shares = []
    for cell, ours, others in zip(own, _beside(*mine), _beside(*theirs), strict=True):
        shares.append(len(others & {cell, *ours}) / len(others))
    return bool(np.mean(shares) >= CLOSED)


def _beside(distance: Array, near: Array) -> list[set[int]]:
    """Return the neighbours before the widest step, for each cell."""
    count = np.log(distance[:, 1:] / distance[:, :-1]).argmax(axis=1) + 1
    return [{*row[:until].tolist()} for row, until in zip(near, count, strict=True)]


def _named(wide: Array, is_near: Array, least: float) -> Array:
    """Return the mask `(Q,)` of steps beyond the least one that few have by chance."""
    for far in np.arange(LEAST_NAMED, least, 0.25):
        hit = (wide > far) & is_near
        if len(wide) * np.exp(-far) <= SPURIOUS * hit.sum():
            return hit
    return (wide > least) & is_near


def _usual(every: Array, steps: Array) -> float:
    """Return the mean first step of honest cells, which others than those may stand among."""
    two = np.sort(steps, axis=1)[:, -2]
    widest = steps.max(axis=1)
    most = _outer(every, steps)
    is_usual = np.ones(len(two), dtype=bool)
    usual = most
    for _ in range(ROUNDS):
        usual = max(float(np.quantile(two[is_usual], q)) / of for q, of in SECOND.items())
        usual = max(min(usual, most), LEAST)
        kept = widest <= USUAL * usual
        if (kept == is_usual).all() or kept.sum() < len(two) / 10:
            break
        is_usual = kept
    return usual


def _outer(every: Array, steps: Array) -> float:
    """Return the mean of steps beyond the widest one: of neighbours that are no copies."""
    order = np.arange(1, every.shape[1])
    further = np.log(every[:, 1:] / every[:, :-1]) * order
    beyond = further[order[None, :] > steps.argmax(axis=1)[:, None] + 1]
    return float(np.median(beyond) / np.log(2)) if len(beyond) else np.inf


def _least(wide: Array, is_near: Array) -> tuple[float, bool]:
    """Return from which step on cells are copies, and whether there is a gap below."""
    from scipy.stats import binom

    for least in NEARER:
        above = int(((wide > least) & is_near).sum())
        below = int(((wide > least - GAP) & (wide <= least)).sum())
        if binom.logsf(above - 1, above + below, 0.5) / np.log(10) <= SURE:
            return float(least), True
    return FURTHER[-1], False


def _log10_chance(found: Array, count: int, least: float) -> float:
    """Return log10 of the chance that so many of the first `count` are `found` beyond `least`."""
    return log10_more(int(found[:count].sum()), count * np.exp(-least))
