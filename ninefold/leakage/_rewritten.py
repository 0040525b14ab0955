"""Rows written with other decimals than the rest, each beside one of those as its copy would be."""

from collections.abc import Iterator

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._in_pairs import Pairs, share_target
from ninefold.leakage._leads import Leads
from ninefold.leakage._nearer import best_excess
from ninefold.leakage._writing import decimals
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess

QUERIES, MOST = 1500, 20_000
"""Rows of either writing whose nearest are sought, and rows written anew that are named."""
MIN_ROWS, WIDE, BETWEEN, WAYS = 20, 3, 0.02, 3
"""Rows written anew; least decimals of all columns together between two writings, most rows there,
in shares of those written anew, and ways to tell two writings apart that are looked at.
"""
UNLIKELY = -6.5
"""log10 of the chance that rows of two writings are so much nearer, or more alike, than of one."""
LEADING = 0.5
"""Quantile of the leads among rows of one writing from which a row leads."""


def rewritten(case: Case, records: Records) -> Pairs | None:
    """Find copies with noise, or rounded, by how they are written, however dense the table is.

    Whoever adds noise to whole numbers, or rounds, writes every number of a row anew. Rows written
    by another hand are as near to the rest as both are among themselves, and their nearest row
    tells the target hardly better than one farther off. Copies lead, or their nearest tells far
    better.
    """
    found = (_copies(case, records, anew) for anew in _written_anew(case))
    return next((pairs for pairs in found if pairs is not None), None)


def _copies(case: Case, records: Records, anew: Array) -> Pairs | None:
    """Return the pairs on both sides of the split, if the rows of a mask `(N,)` are copies."""
    rng = np.random.default_rng(case.seed)
    mine, others = np.flatnonzero(anew), np.flatnonzero(~anew)
    some, rest = (np.sort(rng.permutation(rows)[:QUERIES]) for rows in (mine, others))
    across = Leads.of(records, some, others)
    inside = [Leads.of(records, some, mine), Leads.of(records, rest, others)]
    if min(len(leads.rows) for leads in (across, *inside)) < MIN_ROWS:
        return None
    nearer = max(best_excess(across.gaps[:, 0], leads.gaps[:, 0]) for leads in inside)
    better = max(_more_alike(case, across, leads) for leads in inside)
    cut = max(float(np.quantile(leads.gaps[:, 0], LEADING)) for leads in inside)
    leading = across.take(across.beyond(cut, 1))
    is_nearer = nearer <= UNLIKELY and share_target(case, leading)
    if not is_nearer and better > UNLIKELY:
        return None
    evidence = {
        "written_with_other_decimals": round(float(anew.mean()), 6),
        "log10_probability_of_leads": round(nearer, 1),
        "log10_probability_of_targets": round(better, 1),
        "rows_looked_at": len(some) + len(rest),
    }
    if len(some) < len(mine) <= MOST:
        across = Leads.of(records, mine, others)
    pairs = np.stack([across.rows, across.partner])
    here, there = case.test[pairs]
    rows = np.unique(np.concatenate([pairs[0, here & ~there], pairs[1, there & ~here]]))
    return Pairs(rows, evidence) if len(rows) else None


def _written_anew(case: Case) -> Iterator[Array]:
    """Yield masks `(N,)` of the fewer rows, where rows are of two writings, hardly any in between.

    By the decimals of all numbers together, a missing one counting as usual.
    """
    total = np.zeros(len(case), dtype=np.int64)
    for name in [*case.inputs, case.problem.target]:
        if name in case.frame.data and case.frame.column(name).kind == "number":
            digits = decimals(case.frame[name])
            known = digits >= 0
            usual = int(np.median(digits[known])) if known.any() else 0
            total += np.where(known, digits, usual)
    below = np.cumsum(np.bincount(total))
    ways = [(low, high) for low in range(len(below)) if (high := _next(below, low)) is not None]
    taken = np.zeros(len(below), dtype=bool)
    for low, high in sorted(ways, key=lambda way: way[0] - way[1]):
        if taken.sum() < WAYS and not taken[low + 1 : high].any():
            taken[low + 1] = True
            fine = total >= high
            yield fine if 2 * fine.sum() <= len(total) else total <= low


def _next(below: Array, low: int) -> int | None:
    """Return from how many decimals on a second writing begins, if one of up to `low` ends there.

    `below` `(D,)` counts the rows with up to as many decimals.
    """
    for high in range(len(below) - 1, low + WIDE - 1, -1):
        fewer = min(below[low], below[-1] - below[high - 1])
        if fewer >= MIN_ROWS and below[high - 1] - below[low] <= BETWEEN * fewer:
            return high
    return None


def _more_alike(case: Case, across: Leads, inside: Leads) -> float:
    """Return log10 of the chance that the nearest row is so much oftener the one with more like a
    target, of it and one farther off, across writings than inside one.
    """
    found = []
    for leads in (across, inside):
        near, far = (_apart(case, leads.rows, other) for other in (leads.partner, leads.farther))
        found += [int((near < far).sum()), int((near != far).sum())]
    return log10_excess(*found)


def _apart(case: Case, rows: Array, others: Array) -> Array:
    if case.is_classification:
        return np.asarray(case.y[rows] != case.y[others], dtype=np.float64)
    return np.asarray(np.abs(case.y[rows] - case.y[others]))
