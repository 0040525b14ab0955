"""Rows that stand near a learned one and have its very number for a target."""

from dataclasses import replace

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._in_pairs import Pairs
from ninefold.leakage._leads import Leads
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess, log10_more

RARE, RARE_SHARE, MOST_REPEATED, MIN_VALUES = 4, 0.03, 0.7, 50
"""Rows with a value up to which it names them; share of rows with commoner ones, and values, from
and below which the target names none."""
WINDOWS = (4, 20)
"""Rows on either side with nearly the same target, as it varies little from row to row or much."""
NEAREST = (1, 3, 0)
"""Of so many of the nearest rows (0: all that were looked at) one has the same target."""
MIN_ROWS, MIN_SHARE, MOST_BY_CHANCE = 5, 0.06, 0.4
"""Test rows above chance; share of all rows where train has as many, as sources bring some
themselves; and most of the named rows that may be there by chance."""
LEVEL, SAME_COLUMN = 0.02, 0.35
"""Share of rows with a value from which it is a level, and of pairs that may differ in that."""
MOST_PARTNERS = 1.3
"""Of the three nearest, so many have its target where one has: a copy has one, a price many."""
UNLIKELY, UNLIKELY_IN_TEST = -9.0, -5.0
"""log10 of the chance of so many, and of so many more in test than inside train."""


def with_same_target(case: Case, records: Records, test: Leads, train: Leads) -> Pairs | None:
    """Find rows that were copied with their target, however much noise hides them in a dense table.

    Among rows that look alike, targets are alike: as many have the very number as the numbers just
    beside it let expect. Copies come on top of that. Values that come back often are left out.
    """
    if case.is_classification or len(test.rows) < MIN_ROWS:
        return None
    values, code, size = np.unique(case.y, return_inverse=True, return_counts=True)
    rare = size[code] <= max(RARE, RARE_SHARE * len(case))
    if rare.mean() < 1 - MOST_REPEATED or len(values) < MIN_VALUES:
        return None
    of, of_train = int(rare[test.rows].sum()), int(rare[train.rows].sum())
    if _partners(case, rare, test) > MOST_PARTNERS:
        return None
    best: Pairs | None = None
    most = 0.0
    for nearest in NEAREST:
        (rows, partner), expected = _same(case, rare, test, nearest)
        (inside, _), usual = _same(case, rare, train, nearest)
        beyond = len(rows) + len(inside) - expected - usual
        chance = log10_more(len(rows) + len(inside), expected + usual + 1)
        chance += float(np.log10(len(NEAREST)))
        is_put = case.split_kind == "given" and (
            log10_excess(len(rows), of, len(inside), of_train) <= UNLIKELY_IN_TEST
        )
        copies = (1 - MOST_BY_CHANCE) * len(rows) - expected
        if chance > UNLIKELY or len(rows) - expected < MIN_ROWS or copies <= most:
            continue
        if not is_put and beyond < MIN_SHARE * (of + of_train):
            continue
        if _are_settings(records, rows, partner):
            continue
        evidence = {
            "share_of_test": round(len(rows) / of, 6),
            "share_inside_train": round(len(inside) / of_train, 6),
            "expected_share_by_chance": round((expected + usual) / (of + of_train), 6),
            "log10_probability_by_chance": round(chance, 1),
            "rows_looked_at": len(test.rows) + len(train.rows),
        }
        best, most = Pairs(rows, evidence), copies
    return best and replace(best, rows=_named(case, records, test, best.rows, most))


def _named(case: Case, records: Records, test: Leads, rows: Array, most: float) -> Array:
    """Return the test rows beside a learned one with their target that are copies most surely.

    These `rows`, of rare targets, or those of any, where more of them are copies than `most`.
    """
    for nearest in NEAREST:
        (some, partner), expected = _same(case, np.ones(len(case), dtype=bool), test, nearest)
        copies = (1 - MOST_BY_CHANCE) * len(some) - expected
        if copies > most and not _are_settings(records, some, partner):
            rows, most = some, copies
    return rows


def _are_settings(records: Records, rows: Array, others: Array) -> bool:
    """Tell whether many pairs of rows have other levels of the same column: visits, or trials."""
    common = np.minimum(records.share[rows], records.share[others]) > LEVEL
    other = common & (records.code[rows] != records.code[others])
    return bool((other.mean(axis=0) > SAME_COLUMN).any())


def _hits(case: Case, rare: Array, leads: Leads, nearest: int) -> tuple[Array, Array]:
    """Return which of the nearest rows may be compared, and which of these have the same target."""
    others = leads.near[:, :nearest] if nearest else leads.near
    near = np.maximum(others, 0)
    is_rare = (others >= 0) & rare[near] & rare[leads.rows][:, None]
    return is_rare, is_rare & (case.y[near] == case.y[leads.rows][:, None])


def _partners(case: Case, rare: Array, leads: Leads) -> float:
    """Return how many of the three nearest have the same target, on average of rows with one."""
    count = _hits(case, rare, leads, 3)[1].sum(axis=1)
    return float(count[count > 0].mean()) if count.any() else 0.0


def _same(case: Case, rare: Array, leads: Leads, nearest: int) -> tuple[tuple[Array, Array], float]:
    """Return the rows with the target of one of their nearest, with that one, and how many by
    chance.
    """
    is_rare, hit = _hits(case, rare, leads, nearest)
    near = np.maximum(leads.near[:, :nearest] if nearest else leads.near, 0)
    mine, theirs = case.y[leads.rows], case.y[near]
    pool = np.sort(case.y[rare & ~case.test])
    start, stop = np.searchsorted(pool, mine), np.searchsorted(pool, mine, "right")
    expected = 0.0
    for width in WINDOWS:
        low = pool[np.maximum(start - width, 0)]
        high = pool[np.minimum(stop + width, len(pool)) - 1]
        beside = is_rare & ~hit & (theirs >= low[:, None]) & (theirs <= high[:, None])
        around = np.searchsorted(pool, high, "right") - np.searchsorted(pool, low) - (stop - start)
        chance = (stop - start) / np.maximum(around, 1)
        expected = max(expected, float((beside.sum(axis=1) * chance).sum()))
    found = hit.any(axis=1)
    partner = np.take_along_axis(near, hit.argmax(axis=1)[:, None], axis=1)[:, 0]
    return (leads.rows[found], partner[found]), expected
