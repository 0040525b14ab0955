"""Rows of a test part that are nearer to learned rows than these are to each other."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._drift import number_drift
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess

QUERIES, BLOCK = 1500, 2000
STEPS = 12
"""Degrees of nearness at which the parts are compared."""
MIN_ROWS, MIN_SHARE = 6, 0.02
UNLIKELY = -3.0
"""log10 of the chance that test has so many more near rows, all degrees counted."""
FALSE = 0.4
"""Most of the named rows that may be there by chance, told by how many train has."""
REST = -4.0
"""log10 of the chance that all other rows differ so much: then test is drawn from elsewhere."""


@dataclass(frozen=True)
class Nearer:
    """Rows `(n,)` of the case that are copies, and what shows it."""

    rows: Array
    evidence: dict[str, float]


def nearer(case: Case, records: Records, pool: Array) -> Nearer | None:
    """Compare how near test rows and learned rows are to their nearest learned row.

    In a split by lot both are alike, whatever the table (target and decoy, Elias and Gygi 2007):
    an excess of near rows in test are copies with cells changed, if the other rows do not differ.
    """
    rng = np.random.default_rng(case.seed)
    tested = _some(np.flatnonzero(case.test), rng)
    learned = _some(pool, rng)
    y = _Target.of(case)
    test = _nearness(records, y, tested, pool)
    train = _nearness(records, y, learned, pool)
    at = np.unique(np.quantile(test, np.linspace(0.5, 1, STEPS, endpoint=False)))
    best: float = 0.0
    for threshold in at:
        hits, inside = int((test >= threshold).sum()), int((train >= threshold).sum())
        if hits >= max(MIN_ROWS, MIN_SHARE * len(test)):
            best = min(best, log10_excess(hits, len(test), inside, len(train)))
    if best + np.log10(STEPS) > UNLIKELY:
        return None
    named = _named(test, train)
    if named is None or named.sum() < max(MIN_ROWS, MIN_SHARE * len(test)):
        return None
    low = test[named].min()
    others = number_drift(train[train < low], test[~named], 1)
    if others.log10_p < REST:
        return None
    usual = float((train >= low).mean())
    evidence = {
        "share_of_test": round(float(named.mean()), 6),
        "share_inside_train": round(usual, 6),
        "log10_probability_of_the_difference": round(best, 1),
        "rows_looked_at": len(test) + len(train),
    }
    return Nearer(tested[named], evidence)


@dataclass(frozen=True)
class _Target:
    """The target's rank or code, and the share of rows with the same, `(N,)` each."""

    place: Array
    share: Array
    is_number: bool

    @staticmethod
    def of(case: Case) -> "_Target | None":
        from scipy.stats import rankdata

        if not case.problem.learns_target:
            return None
        code, size = np.unique(case.y, return_inverse=True, return_counts=True)[1:]
        place = code if case.is_classification else rankdata(case.y) / len(case)
        return _Target(place, size[code] / len(case), not case.is_classification)

    def evidence(self, rows: Array, others: Array) -> Array:
        """Return -log10 of the chance to agree so well, `(Q, K)`."""
        mine, theirs = self.place[rows][:, None], self.place[others]
        apart = 2 * np.abs(mine - theirs) if self.is_number else np.ones(others.shape)
        chance = np.where(mine == theirs, self.share[rows][:, None], apart)
        return np.asarray(-np.log10(np.clip(chance, 1 / len(self.place), 1.0)))


def _some(rows: Array, rng: np.random.Generator) -> Array:
    return rows if len(rows) <= QUERIES else np.sort(rng.choice(rows, QUERIES, replace=False))


def _nearness(records: Records, y: _Target | None, rows: Array, pool: Array) -> Array:
    """Return the evidence `(Q,)` that each row is its nearest other row of the pool."""
    found = []
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        others = records.candidates(some, pool)
        is_none, others = others < 0, np.maximum(others, 0)
        total = records.evidence(some, others).sum(axis=2)
        if y is not None:
            total += y.evidence(some, others)
        total[is_none] = 0.0
        found.append(total.max(axis=1))
    return np.concatenate(found)


def _named(test: Array, train: Array) -> Array | None:
    """Return the mask `(Q,)` of the nearest test rows that overlap most with the copies.

    How many there are of them, and how many stand there by chance, is told by the train rows.
    """
    order = np.sort(test)[::-1]
    hits = np.arange(1, len(order) + 1)
    nearer_in_train = len(train) - np.searchsorted(np.sort(train), order, side="left")
    by_chance = np.minimum(hits, nearer_in_train * len(test) / len(train))
    copies = hits - by_chance
    overlap = copies / (hits + copies.max() - copies)
    overlap[(by_chance > FALSE * hits) | (hits < MIN_ROWS)] = 0.0
    return test >= order[overlap.argmax()] if overlap.max() > 0 else None
