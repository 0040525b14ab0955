"""Rows of a test part that are nearer to learned rows than these are to each other."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._drift import are_alike, number_drift
from ninefold.leakage._writing import oddness
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess

QUERIES, BLOCK = 1500, 2000
STEPS, LOOKS = 12, 16
"""Degrees of nearness at which the parts are compared; independent looks that all signs make, as
those at one sign's degrees hardly differ."""
MIN_ROWS, MIN_SHARE = 6, 0.02
UNLIKELY = -3.0
"""log10 of the chance that test has so many more near rows, all degrees and signs counted."""
LEADS = 3
"""Rows from which the nearest few may stand out."""
NEAR_Z = 3.5
"""z of the mean place of named rows among all, by nearness, lead or likeness in the target."""
FALSE = 0.4
"""Most of the named rows that may be there by chance, told by how many train has."""
REST = -4.0
"""log10 of the chance that all other rows differ so much: then test is drawn from elsewhere."""


@dataclass(frozen=True)
class Nearer:
    """Rows `(n,)` of the case that are copies, and what shows it."""

    rows: Array
    evidence: dict[str, Any]


@dataclass(frozen=True)
class _Sign:
    """A measure of what copies have more of, at test rows and at train rows, `(Q,)` each."""

    what: str
    test: Array
    train: Array


def best_excess(test: Array, train: Array) -> float:
    """Return log10 of the chance that `test` has so many more high values, at the best cut."""
    order = np.sort(test)[::-1]
    least = int(max(MIN_ROWS, np.ceil(MIN_SHARE * len(order))))
    best = 0.0
    for count in np.unique(np.geomspace(least, max(least, len(order) // 2), STEPS).astype(int)):
        if count <= len(order):
            cut = order[count - 1]
            hits, inside = int((test >= cut).sum()), int((train >= cut).sum())
            best = min(best, log10_excess(hits, len(order), inside, len(train)))
    return best


def nearer(case: Case, records: Records, pool: Array) -> Nearer | None:
    """Compare how near test rows and learned rows are to their nearest learned row.

    In a split by lot both are alike, whatever the table (target and decoy, Elias and Gygi 2007):
    an excess of near rows in test are copies with cells changed, if the other rows do not differ,
    neither in that nor in their columns.
    Near means: agreeing by chance is unlikely; or more unlikely than with the next ones; or both,
    as entities agree with several; or near, and written with other decimals than usual.
    """
    rng = np.random.default_rng(case.seed)
    tested = _some(np.flatnonzero(case.test), rng)
    learned = _some(pool, rng)
    y = _Target.of(case)
    near, lead, same = (
        np.concatenate(parts)
        for parts in zip(
            _nearness(records, y, tested, pool), _nearness(records, y, learned, pool), strict=True
        )
    )
    odd = oddness(case)[np.concatenate([tested, learned])]
    signs = [
        _Sign(what, values[: len(tested)], values[len(tested) :])
        for what, values in {
            "nearness": near,
            "lead over the next rows": lead,
            "nearness and lead": _rarity(near) + _rarity(lead),
            "unusual decimals": odd,
        }.items()
    ]
    chances = [best_excess(sign.test, sign.train) + np.log10(LOOKS) for sign in signs]
    for at in np.argsort(chances, kind="stable"):
        if chances[at] > UNLIKELY:
            return None
        named = _told(signs[at])
        if named is None or not _are_drawn_alike(case, learned, tested[~named]):
            continue
        if any(_stand_out(values, np.flatnonzero(named)) for values in (near, lead, same)):
            usual = float((signs[at].train >= signs[at].test[named].min()).mean())
            evidence = {
                "shown_by": signs[at].what,
                "share_of_test": round(float(named.mean()), 6),
                "share_inside_train": round(usual, 6),
                "log10_probability_of_the_difference": round(float(chances[at]), 1),
                "rows_looked_at": len(near),
            }
            return Nearer(tested[named], evidence)
    return None


def _are_drawn_alike(case: Case, learned: Array, others: Array) -> bool:
    masks = np.zeros((2, len(case)), dtype=bool)
    masks[0, learned] = masks[1, others] = True
    return are_alike(case, *masks)


def _rarity(values: Array) -> Array:
    """Return -log10 of the share `(Q,)` of rows with at least as much."""
    from scipy.stats import rankdata

    return np.asarray(-np.log10((len(values) + 1 - rankdata(values)) / len(values)))


def _stand_out(values: Array, rows: Array) -> bool:
    """Tell whether some rows have more of `values` `(Q,)` than most, not only other decimals."""
    from scipy.stats import rankdata

    place = rankdata(values)[rows] / len(values)
    return bool((place.mean() - 0.5) * np.sqrt(12 * len(rows)) >= NEAR_Z)


def _told(sign: _Sign) -> Array | None:
    """Return which test rows are copies; None where test differs in its other rows too."""
    named = _named(sign.test, sign.train)
    if named is None or named.sum() < max(MIN_ROWS, MIN_SHARE * len(named)):
        return None
    others = number_drift(sign.train[sign.train < sign.test[named].min()], sign.test[~named], 1)
    return named if others.log10_p >= REST else None


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


def _nearness(
    records: Records, y: _Target | None, rows: Array, pool: Array
) -> tuple[Array, Array, Array]:
    """Return the evidence `(Q,)` that each row is its nearest other row of the pool.

    And how much stronger it is, at most, than that for the next rows, and what of it the target
    gives, `(Q,)` each.
    """
    found, same = [], []
    for start in range(0, len(rows), BLOCK):
        some = rows[start : start + BLOCK]
        others = records.candidates(some, pool)
        is_none, others = others < 0, np.maximum(others, 0)
        total = records.evidence(some, others).sum(axis=2)
        told = np.zeros(total.shape) if y is None else y.evidence(some, others)
        total += told
        total[is_none] = 0.0
        same.append(np.take_along_axis(told, total.argmax(axis=1)[:, None], axis=1)[:, 0])
        found.append(-np.sort(-total, axis=1)[:, : LEADS + 1])
    top = np.concatenate(found)
    return top[:, 0], (top[:, :-1] - top[:, 1:]).max(axis=1), np.concatenate(same)


def _named(test: Array, train: Array) -> Array | None:
    """Return the mask `(Q,)` of the nearest test rows that overlap most with the copies.

    How many there are of them, and how many stand there by chance at most, is told by train rows.
    """
    order = np.sort(test)[::-1]
    hits = np.arange(1, len(order) + 1)
    nearer_in_train = len(train) - np.searchsorted(np.sort(train), order, side="left")
    at_most = nearer_in_train + np.sqrt(nearer_in_train)
    by_chance = np.minimum(hits, at_most * len(test) / len(train))
    copies = hits - by_chance
    overlap = copies / (hits + copies.max() - copies)
    overlap[(by_chance > FALSE * hits) | (hits < MIN_ROWS)] = 0.0
    return test >= order[overlap.argmax()] if overlap.max() > 0 else None
