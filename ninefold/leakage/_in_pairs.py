"""Tables in which rows stand by twos or threes: half of them are others, moved a little."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._leads import LEADS, Leads
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess

MIN_ROWS, MIN_HITS = 60, 8
"""Rows of a class whose leads say something, and test rows that must have a copy."""
CLEAR = 6.0
"""z of the lead over the one that follows, from which rows stand in heaps of so many."""
TIMES, UNLIKELY = 2.0, -5.0
"""Usual leads by which a copy leads: 2^-TIMES of all rows do by chance; and log10 of the chance
that so many test rows do."""
ALIKE, NEAR, OFTENER = 0.95, 0.015, -3.0
"""Share of copies with the same target that needs no comparison, ranks that count as the same, and
log10 of the chance that the nearest has it so much oftener than a farther row."""


@dataclass(frozen=True)
class Pairs:
    """Test rows `(n,)` that stand beside a learned one, and what shows it."""

    rows: Array
    evidence: dict[str, float]


def in_pairs(case: Case, test: Leads, train: Leads) -> Pairs | None:
    """Find rows moved a little before the split, in the whole table or in one class.

    If rows lie as chance has it, the k-th lead of a row is exponential with a mean in proportion to
    1 / k, whatever the table (Rényi 1953, of ordered distances): the k-th over that of the next is
    known, and larger where rows stand k + 1 together. It is asked of the learned rows; test rows
    must then lead, too, and the nearest row must share their target as one farther off does not:
    two measurements of one person mostly differ in it.
    """
    for inside, learned in _kinds(case, test, train):
        for k in range(LEADS):
            usual = (k + 2) / (k + 1) * float(np.median(learned.gaps[:, k + 1]))
            times = float(np.median(learned.gaps[:, k])) / max(usual, 1e-9)
            z = np.log(max(times, 1e-9)) * np.sqrt(len(learned.rows)) * np.log(2) / np.sqrt(2)
            if usual <= 0 or z < CLEAR:
                continue
            hit = inside.gaps[:, k] > TIMES * usual
            if _is_beyond_chance(hit) and share_target(case, inside.take(hit)):
                evidence = {
                    "rows_together": k + 2,
                    "lead_over_the_usual_one": round(times, 2),
                    "standard_errors": round(float(z), 1),
                    "share_by_chance": 2**-TIMES,
                    "rows_looked_at": len(learned.rows) + len(inside.rows),
                }
                return Pairs(inside.rows[hit], evidence)
    return None


def _kinds(case: Case, test: Leads, train: Leads) -> Iterator[tuple[Leads, Leads]]:
    """Yield the leads of test and of learned rows: of all, and of each class."""
    if len(train.rows) >= MIN_ROWS:
        yield test, train
    if not case.is_classification:
        return
    for code in np.unique(case.y):
        inside, learned = (part.take(case.y[part.rows] == code) for part in (test, train))
        if len(learned.rows) >= MIN_ROWS:
            yield inside, learned


def _is_beyond_chance(hit: Array) -> bool:
    from scipy.stats import binom

    count = int(hit.sum())
    chance = binom.logsf(count - 1, len(hit), 2**-TIMES) / np.log(10)
    return count >= MIN_HITS and bool(chance <= UNLIKELY)


def share_target(case: Case, leads: Leads) -> bool:
    """Tell whether rows have the target of their nearest row, and oftener than of one farther."""
    from scipy.stats import rankdata

    place = case.y if case.is_classification else rankdata(case.y) / len(case)
    near = 0.0 if case.is_classification else NEAR
    same, farther = (
        int((np.abs(place[leads.rows] - place[other]) <= near).sum())
        for other in (leads.partner, leads.farther)
    )
    rows = len(leads.rows)
    return same >= ALIKE * rows or log10_excess(same, rows, farther, rows) <= OFTENER
