"""rows: copies in disguise, with noise, rounded, re-cased, reordered or with a changed cell."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage._in_pairs import in_pairs
from ninefold.leakage._leads import LEADS, Leads
from ninefold.leakage._nearer import nearer
from ninefold.leakage._rewritten import rewritten
from ninefold.leakage._same_target import with_same_target
from ninefold.leakage.case import Case, Check, Finding, Severity
from ninefold.leakage.chance import log10_excess

QUERIES, LARGE, ROWS = 1500, 20_000, 400_000
"""Rows of each part whose nearest are sought; test rows named at most; rows to seek among."""
FAR = 4.0
"""Powers of ten by which a copy is closer than chance lets the nearest row be."""
LOUD = {FAR: 0.04, 3.0: 0.03, 2.5: 0.05, 2.0: 0.075}
LOUD_AMONG_ALIKE = {FAR: 0.04, 3.0: 0.08}
"""The same for copies with more and more noise, and the share of test that must have it, but for
those beyond `FAR`: noise leaves few there. And where rows are more alike than `MIN_SCALE` says."""
NAMING = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, FAR)
"""Gaps of which one says which rows are copies, once it is certain that some are."""
ROUNDS = 3
"""Times that what is usual is estimated, without the copies found before."""
MIN_SCALE = 0.8
"""Least spread of the gaps: rows of a few common values are all alike."""
MIN_ROWS, MIN_SHARE = 6, 0.04
"""Test rows from which copies are reported, and share of test from which they are sure."""
SURE, UNLIKELY, STOPS = -9.0, -5.0, 3.0
"""log10 of the chance that test has so many more of them, from which copies are sure, or told; and
the gap, in powers of ten, from which sure ones stop."""
AGREE, TARGET_NEAR = 0.9, 0.03
"""Share of pairs with the same class, or median distance of a number in shares of the rows."""
SAME_COLUMN, CHANGED = 0.35, 0.17
"""Share of pairs that may be far from each other in one column, and of the columns that may have
been changed in a copy (one in any case).
"""
UNORDERED = ("given", "random", "stratified")
"""Kinds of split under which a record does not come back by itself."""

BY_NEARNESS = (
    "each is closer to that row than to any other by factors that chance does not give, and has "
    "its target"
)
BY_TARGET = "each is near to that row and has its very target, as rows near to each other seldom do"
BY_WRITING = (
    "one of the two is written with other decimals in all its numbers, and they are nearer, or "
    "more alike in the target, than rows written alike"
)


class NearRowsCheck(Check):
    """Test rows that are closer to one row of train or valid than any honest row would be.

    Closeness is the chance that two random rows agree so well (`Records.evidence`). In any smooth
    table the lead of the nearest row over the second nearest is exponential: if d is the distance
    and k the dimension, (d1 / d2)^k is uniform (Facco and others 2017, their TwoNN). The median
    lead of the table gives its scale; a copy leads by several powers of ten more. Entities with
    many rows, smooth series and tables of few values have no such lead. Copies put into test also
    stand out against the leads inside train.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.near_duplicate",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        records = Records.of(case)
        pool = np.flatnonzero(~case.test)
        if records.code.shape[1] < 2 or len(pool) < 30 or case.test.sum() < MIN_ROWS:
            return
        rng = np.random.default_rng(case.seed)
        test = Leads.of(records, _some(np.flatnonzero(case.test), QUERIES, rng), pool)
        train = Leads.of(records, _some(pool, QUERIES, rng), pool)
        scales = [part.usual for part in (test, train) if len(part.rows) >= MIN_ROWS]
        if not scales:
            return
        spread = float(min(scales)) / np.log10(2)
        scale = max(spread, MIN_SCALE)
        loud = LOUD if spread >= MIN_SCALE else LOUD_AMONG_ALIKE
        verdict = _judge(case, records, test, train, scale, loud)
        is_loud = verdict is not None and verdict[0] != "info"
        is_put = verdict is not None and _is_put(verdict[2])
        found = [] if is_put else list(closer_than_inside(case, records, pool))
        if not found and not (is_put and is_loud):
            found = list(_dealt_by_lot(case, records, test, train, is_loud))
        led = verdict[2]["share_of_test"] * len(test.rows) if verdict and is_loud else 0
        most = max(found, key=lambda one: len(one.rows), default=None)
        if most is not None and len(most.rows) >= led:
            yield most
            return
        if verdict is None:
            return
        severity, leads, evidence = verdict
        test = _all_of(case, records, test)
        rows = test.rows[test.beyond(_naming(test, scale, leads), leads)]
        yield _finding(case, rows, severity, evidence)


def _some(rows: Array, count: int, rng: np.random.Generator) -> Array:
    return rows if len(rows) <= count else np.sort(rng.choice(rows, count, replace=False))


def _all_of(case: Case, records: Records, test: Leads) -> Leads:
    """Return the leads of all test rows, where only some were looked at, if they can be named."""
    if not QUERIES < case.test.sum() <= LARGE:
        return test
    return Leads.of(records, np.flatnonzero(case.test), np.flatnonzero(~case.test))


def _judge(
    case: Case,
    records: Records,
    test: Leads,
    train: Leads,
    scale: float,
    loud: dict[float, float],
) -> tuple[Severity, int, dict[str, float]] | None:
    """Return severity, leads that count and evidence; None where there are no copies.

    Copies put into test lead oftener there than inside train. Without that difference only a row's
    single nearest counts, as entities of some rows are near each other in any table; with noise its
    leads are of all sizes, and there must be many of them.
    """
    natural: tuple[Severity, int, dict[str, float]] | None = None
    for far, leads in ((FAR, LEADS), *((far, 1) for far in loud)):
        hits = int(test.beyond(far * scale, leads).sum())
        if hits < MIN_ROWS or not _are_copies(case, records, test, far * scale, leads):
            continue
        share, inside = hits / len(test.rows), train.beyond(far * scale, leads).mean()
        chance = _log10_difference(test, train, far * scale, leads)
        evidence = {
            "share_of_test": round(share, 6),
            "share_inside_train": round(float(inside), 6),
            "expected_share_by_chance": round(leads * 10**-far, 6),
            "log10_probability_of_the_difference": round(chance, 1),
            "median_lead": round(float(scale * np.log10(2)), 3),
            "rows_looked_at": len(test.rows) + len(train.rows),
        }
        if case.split_kind == "given" and chance <= UNLIKELY:
            certain = chance <= SURE and share >= MIN_SHARE and far >= STOPS
            return ("block" if certain else "warn"), leads, evidence
        if leads == 1:
            beyond = test.beyond(FAR * scale, 1).mean() if far < FAR else 0.0
            is_loud = share - beyond >= loud[far] and case.split_kind in UNORDERED
            if is_loud and _is_one_kind(case, test, far * scale):
                return "warn", leads, evidence
            if far == FAR:
                natural = ("info", leads, evidence)
    return natural


def _log10_difference(test: Leads, train: Leads, far: float, leads: int) -> float:
    """Return log10 of the chance that test has so many more hits than train."""
    hits, inside = (int(part.beyond(far, leads).sum()) for part in (test, train))
    return log10_excess(hits, len(test.rows), inside, len(train.rows))


def _are_copies(case: Case, records: Records, test: Leads, far: float, leads: int) -> bool:
    """Tell whether rows and their nearest agree as copies do: in nearly all columns, in target.

    Rows of one entity differ in the same columns again and again (age, dose, date), copies in none,
    or in one that differs between all rows. A cell that one of them lacks may have been emptied.
    """
    hit = test.beyond(far, leads)
    mine, theirs = test.rows[hit], test.partner[hit]
    differ = records.differing(mine, theirs)
    few = max(1, int(CHANGED * differ.shape[1]))
    if (differ.mean(axis=0) > SAME_COLUMN).any() or (differ.sum(axis=1) <= few).mean() < AGREE:
        return False
    return _is_same_target(case, mine, theirs, differ.shape[1] < records.code.shape[1])


def _is_same_target(case: Case, mine: Array, theirs: Array, exactly: bool) -> bool:
    """Tell whether pairs of rows have the same target, a number nearly unless `exactly`."""
    from scipy.stats import rankdata

    if case.is_classification or exactly:
        return bool((case.y[mine] == case.y[theirs]).mean() >= AGREE)
    place = rankdata(case.y) / len(case)
    return bool(np.median(2 * np.abs(place[mine] - place[theirs])) <= TARGET_NEAR)


def _is_one_kind(case: Case, test: Leads, far: float) -> bool:
    """Tell whether a number's copies are all exact or all noisy: replicates are of both kinds."""
    hit = test.beyond(far, 1)
    equal = float((case.y[test.rows[hit]] == case.y[test.partner[hit]]).mean())
    return case.is_classification or min(equal, 1 - equal) <= 0.2


def _is_put(evidence: dict[str, float]) -> bool:
    """Tell whether copies are known by how much oftener they are in test than inside train."""
    return evidence["log10_probability_of_the_difference"] <= UNLIKELY


def _naming(test: Leads, scale: float, leads: int) -> float:
    """Return the lead beyond which the rows overlap most with the copies, less those by chance.

    The copies found so far are left out of what is usual: they lead themselves.
    """
    gaps = np.array(NAMING)
    by_chance = np.minimum(1.0, leads * 10**-gaps) * len(test.rows)
    for _ in range(ROUNDS):
        hits = np.array([test.beyond(gap * scale, leads).sum() for gap in gaps])
        copies = np.maximum(hits - by_chance, 0.0)
        at = int((copies / np.maximum(hits + copies.max() - copies, 1)).argmax())
        lead = float(gaps[at] * scale)
        usual = np.quantile(test.gaps[:, 0], 0.5 * (1 - copies.max() / len(test.rows)))
        scale = min(scale, max(float(usual) / np.log10(2), MIN_SCALE))
    return lead


def closer_than_inside(case: Case, records: Records, pool: Array) -> Iterator[Finding]:
    """Say which rows of a given test part are nearer to learned rows than those to each other."""
    if case.split_kind != "given" or case.follows_time:
        return
    found = nearer(case, records, pool)
    if found is not None:
        yield _finding(case, found.rows, "warn", found.evidence)


def _dealt_by_lot(
    case: Case, records: Records, test: Leads, train: Leads, is_loud: bool
) -> Iterator[Finding]:
    """Say which test rows stand beside a learned one as copies do, where lot dealt the rows.

    By their target alone, if single rows lead beyond chance (`is_loud`).
    """
    if case.split_kind not in UNORDERED or case.follows_time or case.problem.group:
        return
    looks = [(partial(with_same_target, case, records), BY_TARGET)]
    if not is_loud:
        looks.append((partial(in_pairs, case), BY_NEARNESS))
    for look, told in looks:
        found = look(test, train)
        if found is not None:
            found = look(_all_of(case, records, test), train) or found
            yield _finding(case, found.rows, "warn", found.evidence, told)
    anew = rewritten(case, records)
    if anew is not None:
        yield _finding(case, anew.rows, "warn", anew.evidence, BY_WRITING)


def _finding(
    case: Case, rows: Array, severity: Severity, evidence: dict[str, Any], told: str = BY_NEARNESS
) -> Finding:
    count = len(rows)
    mask = np.zeros(len(case), dtype=bool)
    mask[rows] = True
    return Finding(
        kind="rows.near_duplicate",
        severity=severity,
        rows=case.source_rows(mask),
        evidence={"test_rows": count, **evidence},
        message=(
            f"{count} test rows are copies of a train or valid row but for noise, rounding, "
            f"spelling or a changed cell: {told}. The model is measured on rows it has learned by "
            "heart"
        ),
        remedy=(
            "drop the copies from the source, or name the column that tells which rows belong "
            "together in problem.group"
        ),
    )
