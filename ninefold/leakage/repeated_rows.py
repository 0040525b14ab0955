"""rows.repeated: copies in the source, told from records that meet by chance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._recapture import are_beyond_meeting
from ninefold.leakage._row_names import row_names
from ninefold.leakage.case import Case, Check, Finding
from ninefold.splitting.identity import combine, has_twin, hash_values

ROWS = 200_000
"""Rows among which copies are looked for."""
MIN_ROWS, MIN_SHARE = 8, 0.015
"""Repeated records, and share of the rows that are repeats, below which nothing is said."""
NATURAL, SEEN_TWICE = 0.25, 0.5
"""Records with one neighbour over repeated ones without any, up to which repeats are copies; and
where rows are equal far oftener than they meet by what pairs of columns say of each other, too."""
SETTLED = 0.7
"""Share of the pairs of records, otherwise apart in a column, that the same value in another column
brings together for that column to settle it."""
DRAWN, DRAWN_SHARE, MAX_CLASSES = 0.5, 0.15, 20
"""The same within a class, of which so many rows must be repeats; classes looked at."""
OFTENER, UNLIKELY = 3.0, -4.0
"""Times the share of repeats in all other classes: chance repeats the commonest class most; and the
odds that a record without a neighbour is repeated, with log10 of the chance of so many."""
APART = 0.15
"""Share of the rows that lie between two equal records in time, on the median; 0.29 by chance."""
COLUMNS = 40
"""Columns, the most varied, in one of which a neighbour differs."""


class RepeatedRowsCheck(Check):
    """Rows that equal another in every feature and the target.

    Whoever copied rows before the split (to balance classes, by joining twice, by drawing with
    replacement) measures the model on a test part that holds the same record again and again.
    Ninefold's split keeps copies on one side, so nothing leaks, but what is measured is not what
    will be met. In a split that people bring, only records on both sides count, each once a side.

    A record that is entered anew has another time. So it may by nature, if it is measured again
    soon after; copies lie anywhere, and by time they stand on both sides.

    Told from records that meet by chance by their neighbours, those that differ in one column.
    If records come by as often as their surroundings let expect, those without any neighbour are
    expected to be met again as often as there are records with exactly one, at most (Robbins 1956:
    of counts with unknown means, the mean of those seen never is that of those seen once over that
    of those seen never). Copies are made without regard to neighbours.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.repeated",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        for timeless in _looks(case):
            found = _copies(case, timeless)
            if found is not None:
                yield found
                return


def _looks(case: Case) -> Iterator[bool]:
    """Yield whether records are compared without their time: with it where lot dealt the rows, and
    without where they have one, and belong to no entity of which a record may come again.
    """
    if case.split_kind != "given" or not case.follows_time:
        yield False
    if case.problem.time in case.frame.data and not case.problem.group:
        yield True


def _copies(case: Case, timeless: bool) -> Finding | None:
    """Return what is to be said of equal records, their time apart if it is `timeless`."""
    is_given = case.split_kind == "given"
    used = case.once_a_side(combine(_columns(case, timeless))) if is_given else case
    columns = _columns(used, timeless)
    if len(columns) < 3:
        return None
    record, rows = combine(columns), np.ones(len(used), dtype=bool)
    found = _repeats(columns, record, MIN_SHARE * len(case))
    if found is None and case.is_classification:
        found, rows = _balanced(used, columns, record)
    known = rows & ~used.test if is_given or timeless else rows
    twins = has_twin(record, known) & rows & used.test
    if found is None or not twins.any() or (timeless and not _come_anywhen(used, record)):
        return None
    copies = np.isin(combine(_columns(case, timeless)), record[twins]) & case.test
    return _finding(case, copies, found, timeless)


@dataclass(frozen=True)
class _Repeats:
    """How many rows repeat a record, how many records without a neighbour are repeated, and how
    many have one neighbour.
    """

    rows: int
    alone: int
    with_one: int


def _repeats(columns: list[Array], record: Array, least: float) -> _Repeats | None:
    """Return the repeats among the records `(N,)` if they are copies, and many."""
    repeats = len(record) - len(np.unique(record))
    if repeats < max(MIN_ROWS, least):
        return None
    alone, with_one = _met_again(columns, record, _settled(columns, record))
    if alone < MIN_ROWS or with_one > SEEN_TWICE * alone:
        return None
    if with_one > NATURAL * alone and not are_beyond_meeting(columns):
        return None
    return _Repeats(repeats, alone, with_one)


def _balanced(case: Case, columns: list[Array], record: Array) -> tuple[_Repeats | None, Array]:
    """Look for the repeats in each class by itself: those of a rare one are drawn again."""
    size = np.bincount(case.y)
    classes = [np.asarray(case.y == code) for code in np.argsort(size)[-MAX_CLASSES:]]
    drawn = [at for at, rows in enumerate(classes) if _is_oftener(record, rows)]
    if drawn:
        ties = _settled(columns, record)
        met = [_met_again([c[rows] for c in columns], record[rows], ties) for rows in classes]
        everywhere = tuple(np.sum(met, axis=0).tolist())
        for at in drawn:
            alone, with_one = met[at]
            if alone >= MIN_ROWS and (
                with_one <= DRAWN * alone or _log10_alone(met[at], everywhere) <= UNLIKELY
            ):
                repeats = classes[at].sum() - len(np.unique(record[classes[at]]))
                return _Repeats(int(repeats), alone, with_one), classes[at]
    return None, np.ones(len(case), dtype=bool)


def _is_oftener(record: Array, rows: Array) -> bool:
    """Tell whether a class repeats records `(N,)` often, and far oftener than the others."""
    share = _repeated(record[rows])
    return share * rows.sum() >= max(MIN_ROWS, DRAWN_SHARE * rows.sum()) and (
        share >= OFTENER * _repeated(record[~rows])
    )


def _log10_alone(met: tuple[int, int], everywhere: tuple[int, ...]) -> float:
    """Return log10 of the chance that a class, whose odds of a record met again without a neighbour
    to one with one neighbour are at most `OFTENER` times those of the others, shows what it does.

    Fisher's noncentral hypergeometric distribution (Fog 2008); at least -300.
    """
    from scipy.stats import nchypergeom_fisher

    if sum(met) == sum(everywhere):
        return 0.0
    chance = nchypergeom_fisher.sf(met[0] - 1, sum(everywhere), everywhere[0], sum(met), OFTENER)
    return float(np.log10(max(chance, 1e-300)))


def _repeated(record: Array) -> float:
    """Return the share of records `(N,)` that repeat another."""
    return 1 - len(np.unique(record)) / max(1, len(record))


def _come_anywhen(case: Case, record: Array) -> bool:
    """Tell whether equal records `(N,)` lie as far apart in time as rows do by chance.

    What stands still is measured again as it was, soon after.
    """
    place = np.empty(len(case))
    place[case.order] = np.arange(len(case)) / len(case)
    order = np.lexsort((place, record))
    same = record[order][1:] == record[order][:-1]
    gap = np.diff(place[order])[same]
    return len(gap) > 0 and float(np.median(gap)) >= APART


def _columns(case: Case, timeless: bool = False) -> list[Array]:
    """Return hashes `(N,)` of all that makes a record but what names it, the most varied first.

    Without its time if it is `timeless`: whoever enters a record anew gives it a new one.
    """
    problem = case.problem
    time = {problem.time} - {None}
    names = {*row_names(case), *(time if timeless else ())}
    kept = [n for n in case.inputs if n not in names]
    others = (*problem.targets, *problem.group, *(() if timeless else time))
    kept += [n for n in dict.fromkeys(others) if n in case.frame.data and n not in kept]
    hashes = [hash_values(case.frame.column(n).kind, case.frame[n]) for n in kept]
    varied = [h for h in hashes if len(h) and (h != h[0]).any()]
    return sorted(varied, key=lambda h: -len(np.unique(h)))


def _met_again(columns: list[Array], record: Array, ties: Array) -> tuple[int, int]:
    """Return how many records without a neighbour are repeated, and how many have one neighbour."""
    _, first, count = np.unique(record, return_index=True, return_counts=True)
    records = [column[first] for column in columns]
    neighbours = np.zeros(len(first), dtype=np.int64)
    for out in range(min(COLUMNS, len(records))):
        rest = [c for at, c in enumerate(records) if at != out and not ties[at, out]]
        code = combine(rest) if rest else np.zeros(len(first), dtype=np.uint64)
        _, code, size = np.unique(code, return_inverse=True, return_counts=True)
        neighbours += size[code] - 1
    return int(((count > 1) & (neighbours == 0)).sum()), int((neighbours == 1).sum())


def _settled(columns: list[Array], record: Array) -> Array:
    """Return the ties of the columns among the distinct records `(N,)`."""
    first = np.unique(record, return_index=True)[1]
    return _ties([column[first] for column in columns])


def _ties(records: list[Array]) -> Array:
    """Return the mask `(C, COLUMNS)` of columns that settle one of the first ones of the records.

    Records that differ in one column differ in those that settle it too. Columns whose values
    hardly come back show nothing of the kind.
    """
    table = np.column_stack(records[:COLUMNS])
    apart = np.array([_apart(column) for column in records[:COLUMNS]])
    settles = np.zeros((len(records), table.shape[1]), dtype=bool)
    for at, column in enumerate(records):
        order = np.argsort(column, kind="stable")
        same = np.flatnonzero(column[order][1:] == column[order][:-1])
        if len(same) >= MIN_ROWS:
            equal = table[order[same]] == table[order[same + 1]]
            settles[at] = 1 - equal.mean(axis=0) <= (1 - SETTLED) * apart
    return settles


def _apart(column: Array) -> float:
    """Return how often two rows differ in a column `(N,)`."""
    size = np.unique(column, return_counts=True)[1]
    return float(1 - ((size / len(column)) ** 2).sum())


def _finding(case: Case, twins: Array, found: _Repeats, timeless: bool) -> Finding:
    count, share = int(twins.sum()), found.rows / len(case)
    but = f" but `{case.problem.time}`" if timeless else ""
    return Finding(
        kind="rows.repeated",
        severity="warn",
        rows=case.source_rows(twins),
        evidence={
            "repeats": found.rows,
            "share_of_rows": round(share, 6),
            "test_rows": count,
            "repeated_without_a_neighbour": found.alone,
            "records_with_one_neighbour": found.with_one,
            "rows_looked_at": len(case),
        },
        message=(
            f"{found.rows} rows ({share:.1%}) repeat another in every feature{but} and the target, "
            f"in test {count}; {found.alone} records come back that no other even resembles, where "
            "chance repeats what is common: they are copies, as from balancing classes or joining "
            f"before the split. {_what_follows(case, timeless)}"
        ),
        remedy=(
            "drop the copies from the source; `sampling: {kind: over}` balances the train rows only"
        ),
    )


def _what_follows(case: Case, timeless: bool) -> str:
    if case.split_kind == "given" or timeless:
        return "They stand on both sides: the model is measured on rows it has learned by heart"
    return (
        "The split kept copies on one side, but the test part counts one record more than once, "
        "and its mix is not that of the rows to come"
    )
