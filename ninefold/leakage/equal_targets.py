"""rows.retold: rows of few values whose targets agree to the digit, as only those of copies do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._equal_in_test import InTest, equal_in_test
from ninefold.leakage._row_names import row_names
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import log10_more
from ninefold.splitting.identity import combine, has_twin, hash_values, pairs_within

ROWS = 200_000
MIN_COLUMNS, MAX_COLUMNS, MANY = 3, 40, 50
"""Columns of a table that are compared, the most varied, and distinct numbers of its target."""
MIN_ROWS, MIN_SHARE = 8, 0.015
"""Pairs too many, and their share of the rows, below which nothing is said."""
OFTENER, UNLIKELY = 2.5, -9.0
"""Times that targets agree oftener than chance and neighbours let expect, and log10 of the chance
of so many."""
MIN_OTHERS, AS_FAR = 20, 0.6
"""Pairs with different targets, and how far these are apart, in shares of what neighbours' are: a
target that the features nearly fix has them near."""
REMEDY = "drop the copies from the source, or name what ties them in problem.group"


class EqualTargetsCheck(Check):
    """Test rows that equal a learned row in all features and in a fine target.

    In a table of few values many rows meet in all features by nature, and their targets differ
    as widely as those of rows that differ in one feature. Copies add pairs with one and the same
    target, while the targets of all other pairs stay as far apart as before. In a given test part
    they are also told by what learned rows of the same features meet with among each other.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.retold",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        if case.is_classification or case.follows_time or len(np.unique(case.y)) < MANY:
            return
        apart = set(row_names(case))
        names = [name for name in case.inputs if name not in apart]
        names = sorted(names, key=lambda n: -int(case.spoken[n].max()))[:MAX_COLUMNS]
        columns = [hash_values("datetime", case.spoken[n]) for n in names]
        columns = [c for c in columns if (c != c[0]).any()]
        if len(columns) < MIN_COLUMNS:
            return
        found = _retold(case, columns)
        if found is not None:
            yield _finding(case, found)
        elif case.split_kind == "given":
            same = hash_values("number", case.y)
            in_test = equal_in_test(case, combine(columns), same)
            if in_test is not None:
                yield _in_test_finding(case, in_test)


@dataclass(frozen=True)
class _Pairs:
    """Pairs of rows that agree in some columns: how many, and how many of them in the target."""

    count: int
    equal: int
    apart: Array
    """Distances in the target's rank of some pairs that do not agree in it."""


@dataclass(frozen=True)
class _Retold:
    excess: float
    expected: float
    log10_p: float
    twins: Array
    """Test rows with a learned row that agrees in all features, and in the target."""


def _retold(case: Case, columns: list[Array]) -> _Retold | None:
    """Return the pairs of equal rows that agree in the target too often, if they are many."""
    from scipy.stats import rankdata

    place = rankdata(case.y) / len(case)
    same = hash_values("number", case.y)
    rest = [combine([c for c in columns if c is not out]) for out in columns]
    whole = combine(columns)
    pairs = _pairs(whole, same, place, case.seed)
    others = [_without(_pairs(code, same, place, case.seed), pairs) for code in rest]
    near = sum(p.equal for p in others) / max(1, sum(p.count for p in others))
    usual = max(_by_lot(same), near)
    excess = pairs.equal - usual * pairs.count
    if excess < max(MIN_ROWS, MIN_SHARE * len(case)) or not _are_as_far(pairs, others):
        return None
    expected = OFTENER * usual * pairs.count
    chance = log10_more(pairs.equal, expected)
    twins = has_twin(combine([whole, same]), ~case.test) & case.test
    if chance > UNLIKELY or twins.sum() < MIN_ROWS:
        return None
    return _Retold(float(excess), usual * pairs.count, chance, twins)


def _pairs(code: Array, same: Array, place: Array, seed: int) -> _Pairs:
    """Count the pairs of rows with one code `(N,)`, and those with one target `same` `(N,)`."""
    order = np.random.default_rng(seed).permutation(len(code))
    order = order[np.argsort(code[order], kind="stable")]
    first, second = order[:-1], order[1:]
    near = (code[first] == code[second]) & (same[first] != same[second])
    return _Pairs(
        _count(code), _count(combine([code, same])), np.abs(place[first] - place[second])[near]
    )


def _without(pairs: _Pairs, equal: _Pairs) -> _Pairs:
    """Return pairs that differ in one column, without those that differ in none."""
    return _Pairs(pairs.count - equal.count, pairs.equal - equal.equal, pairs.apart)


def _count(code: Array) -> int:
    return pairs_within(np.unique(code, return_counts=True)[1])


def _by_lot(same: Array) -> float:
    """Return how often the targets of two rows agree."""
    size = np.unique(same, return_counts=True)[1]
    return float(((size / len(same)) ** 2).sum())


def _are_as_far(pairs: _Pairs, others: list[_Pairs]) -> bool:
    """Tell whether pairs that differ in the target differ as widely as those of neighbours."""
    theirs = np.concatenate([p.apart for p in others]) if others else pairs.apart
    if min(len(pairs.apart), len(theirs)) < MIN_OTHERS:
        return False
    return bool(np.median(pairs.apart) >= AS_FAR * np.median(theirs))


def _finding(case: Case, found: _Retold) -> Finding:
    count = int(found.twins.sum())
    return Finding(
        kind="rows.retold",
        severity="warn",
        rows=case.source_rows(found.twins),
        evidence={
            "test_rows": count,
            "share_of_test": round(count / int(case.test.sum()), 6),
            "pairs_too_many": round(found.excess, 1),
            "pairs_expected": round(found.expected, 1),
            "log10_probability_by_chance": round(found.log10_p, 1),
            "rows_looked_at": len(case),
        },
        message=(
            f"{count} test rows equal a train or valid row in every feature, and in "
            f"`{case.problem.target}` to the last digit; rows that meet by chance have targets as "
            f"far apart as their neighbours ({found.excess:.0f} pairs too many): they are copies, "
            "and the model is measured on rows it has learned by heart"
        ),
        remedy=REMEDY,
    )


def _in_test_finding(case: Case, found: InTest) -> Finding:
    count = int(found.rows.sum())
    return Finding(
        kind="rows.retold",
        severity="warn",
        rows=case.source_rows(found.rows),
        evidence={
            "test_rows": count,
            "share_of_test": round(count / int(case.test.sum()), 6),
            "test_rows_equal_to_some_learned_rows": found.found,
            "expected_from_learned_rows": round(found.expected, 1),
            "standard_errors": round(found.z, 1),
            "rows_looked_at": len(case),
        },
        message=(
            f"test rows equal a train or valid row in every feature and in `{case.problem.target}` "
            f"to the last digit oftener than those equal each other ({found.found} of them one of "
            f"some learned rows, where {found.expected:.0f} would): among the {count} named are "
            "copies, and the model is measured on rows it has learned by heart"
        ),
        remedy=REMEDY,
    )
