"""Labels that a row's neighbours deny as one, where that cannot be the end of a tail."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.chance import log10_excess, log10_more

DENIED, DOUBTED = 0.1, 0.4
"""Vote of its own class up to which a row's label is denied, and up to which it is in doubt."""
LEAST, LEAST_IN_PART, UNLIKELY = 8, 5, -4.0
"""Denied rows, in all and in one part of the table, and log10 of the chance that they are so many.
"""
SURELY = 7.0
"""Denied rows to be expected of a class from which it is no chance that there are none."""
OFTENER = 4.0
"""How many times the share of denied rows in one part must be that in the others."""


@dataclass(frozen=True)
class Contrast:
    """From when on labels are denied by too many neighbours with too few in doubt."""

    apart: float
    """Vote of its own class that half of each class's rows get at least where classes lie apart."""
    denser: float
    """Denied rows over those in doubt, at most, where votes thin out towards none."""
    spread: float
    """Standard deviations by which those in doubt may be fewer than usual, times `denser`."""
    unlikely: float
    """log10 of the chance that so many are denied."""


PLAIN = Contrast(0.9, 0.5, 2.0, UNLIKELY)
CLEANED = Contrast(0.75, 1.0, 1.0, -3.0)
"""Votes of labels as they are, and of labels set right before the vote, which takes doubts away."""


@dataclass(frozen=True)
class Denial:
    """Votes `(N,)` for each row's `own` label, which rows are `denied` it `(N,)`, and the label
    `(N,)` that gets most instead.
    """

    own: Array
    denied: Array
    other: Array

    def is_isolated(self, label: Array, by: Contrast = PLAIN) -> bool:
        """Tell whether rows are denied their `label` `(N,)` in numbers, and hardly any is in doubt.

        Where classes touch, honest rows have votes for their own class of all sizes, and fewer the
        lower the vote (`by` says how many); a flipped label lies in the midst of another class.
        Classes that do not lie apart are left out: of a rare one, the wrong labels are much.
        """
        apart = [k for k in np.unique(label) if np.median(self.own[label == k]) >= by.apart]
        if len(apart) < 2:
            return False
        inside = np.isin(label, apart)
        denied = int((self.denied & inside & np.isin(self.other, apart)).sum())
        doubted = int((inside & (self.own > DENIED) & (self.own <= DOUBTED)).sum())
        if self._is_one_way(label, apart):
            return False
        expected = by.denser * (doubted + by.spread * np.sqrt(doubted) + 1)
        chance = log10_more(denied, expected)
        return denied >= LEAST and chance <= by.unlikely

    def _is_one_way(self, label: Array, apart: list[int]) -> bool:
        """Tell whether no label of some class is denied, although labels changed by lot would be.

        Then one class reaches into the others: refused although all spoke for it.
        """
        size = np.array([(label == k).sum() for k in apart])
        hits = np.array([(self.denied & (label == k)).sum() for k in apart])
        share = (size.sum() - size) / size.sum() / (len(apart) - 1)
        return bool((share[hits == 0] * hits.sum() >= SURELY).any())


def in_one_part(denied: Array, inside: Array) -> bool:
    """Tell whether labels are `denied` `(N,)` far oftener `inside` `(N,)` one part than outside.

    Parts drawn by chance have the same share of hard cases.
    """
    hits, others = int((denied & inside).sum()), int((denied & ~inside).sum())
    of, of_others = int(inside.sum()), int((~inside).sum())
    if hits < LEAST_IN_PART or hits / of < OFTENER * max(others, 1) / max(of_others, 1):
        return False
    return log10_excess(hits, of, others, of_others) <= UNLIKELY
