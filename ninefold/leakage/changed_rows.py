"""rows: copies put into the test part with one cell changed, or with a text spelt anew."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._drift import are_alike
from ninefold.leakage._rings import changed_in_a_cell
from ninefold.leakage._row_names import row_names
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import log10_excess
from ninefold.leakage.near_rows import UNORDERED
from ninefold.splitting.identity import combine, has_twin, hash_values

ROWS = 400_000
MIN_COLUMNS, MIN_ROWS, MIN_SHARE = 4, 6, 0.01
RARE_INSIDE, MOST_INSIDE = 0.005, 0.05
"""Shares of train rows with a twin but for a column from which that column is left out."""
PAIRED_ROWS, PAIRED = 20_000, 12
"""Rows up to which two columns are left out together, and columns of which: the most varied."""
UNLIKELY = -4.0
"""log10 of the chance that test has so many more of them than train has inside."""
COLUMNS = 40
"""Columns up to which copies are sought all over a table."""
MANY = 20
"""Distinct numbers of a target from which it is compared like a column."""


class ChangedRowsCheck(Check):
    """Test rows that equal a train or valid row but for one column, the same two, or spelling.

    Under an honest split a test row finds such a twin as often as a train row finds one inside
    train: the rows are exchangeable (Fisher's exact test). Copies put into test find it oftener,
    and the other test rows do not differ from train. Copies that lie all over the table are known
    by having no neighbours (`changed_in_a_cell`).
    True twins are counted with them, too: a column of other values in test than in train (fitted on
    train, constant there) makes such twins of all rows that meet by chance.
    Texts are compared by their letters and digits alone. Of a declared entity all rows count once:
    one that is like another has many such twins.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.changed",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        pool = ~case.test
        is_mixed = case.split_kind in UNORDERED and not case.follows_time and bool(case.inputs)
        if not is_mixed or pool.sum() < MIN_ROWS or case.test.sum() < MIN_ROWS:
            return
        found = list(self._put_into_test(case, pool)) if case.split_kind == "given" else []
        yield from found or self._all_over(case, pool)

    def _put_into_test(self, case: Case, pool: Array) -> Iterator[Finding]:
        columns = _columns(case)
        unit = _units(case)
        plain = has_twin(combine([case.hashes[name] for name in case.inputs]), pool)
        spelt = _spelt_anew(case, pool, plain)
        twins, chance = spelt, _log10_excess(spelt, pool, unit, plain)
        but = "one column"
        if len(columns) >= MIN_COLUMNS:
            more = [spelt | found for found in _twins_but_for_one(columns, pool)]
            at = [_log10_excess(found, pool, unit, plain) + np.log10(len(more)) for found in more]
            if at and min(at) < chance:
                twins, chance = more[int(np.argmin(at))], min(at)
        if chance > UNLIKELY and len(columns) > MIN_COLUMNS and len(case) <= PAIRED_ROWS:
            twins, chance = _twins_but_for_two(columns, pool, unit, plain)
            but = "two columns"
        hits, inside = int(twins[case.test].sum()), int(twins[pool].sum())
        if hits < max(MIN_ROWS, MIN_SHARE * case.test.sum()) or chance > UNLIKELY:
            return
        if not are_alike(case, pool, case.test & ~twins):
            return
        evidence = {
            "share_inside_train": round(inside / int(pool.sum()), 6),
            "log10_probability_of_the_difference": round(chance, 1),
        }
        told = f"but {but}, or but for spelling; inside train {inside / int(pool.sum()):.1%} do"
        yield _finding(case, twins & case.test, evidence, told)

    def _all_over(self, case: Case, pool: Array) -> Iterator[Finding]:
        columns, keeps_target = _records(case)
        if case.problem.group or not MIN_COLUMNS <= len(columns) <= COLUMNS:
            return
        if len(case) > PAIRED_ROWS:
            return
        total = np.add.reduce(columns)
        _, first = np.unique(total, return_index=True)
        found = changed_in_a_cell([column[first] for column in columns], keeps_target)
        if found is None:
            return
        hits = np.isin(total, total[first][found.changed]) & case.test
        hits &= np.any([has_twin(total - column, pool) for column in columns], axis=0)
        if hits.sum() < max(MIN_ROWS, MIN_SHARE * case.test.sum()):
            return
        count = int(found.changed.sum())
        evidence = {"alone_but_for_a_cell": count, "alone_but_for_two_cells": found.farther}
        told = (
            f"but one column, now this and now that; {count} rows of the table have such a twin "
            f"and none but for two, where chance gives {found.farther}"
        )
        yield _finding(case, hits, evidence, told)


def _finding(case: Case, twins: Array, evidence: dict[str, Any], told: str) -> Finding:
    hits, share = int(twins.sum()), float(twins.sum() / case.test.sum())
    in_file = (
        "remove the copies from the split file, or let `split: {kind: auto}` make the parts and "
        "name in problem.group what ties them"
    )
    in_source = "drop the copies from the source, or name in problem.group what ties them"
    return Finding(
        kind="rows.changed",
        severity="warn",
        rows=case.source_rows(twins),
        evidence={
            "test_rows": hits,
            "share_of_test": round(share, 6),
            **evidence,
            "rows_looked_at": len(case),
        },
        message=(
            f"{hits} test rows ({share:.1%}) equal a train or valid row in all {told}: copies, "
            "changed a little"
        ),
        remedy=in_file if case.split_kind == "given" else in_source,
    )


def _records(case: Case) -> tuple[list[Array], bool]:
    """Return salted hashes `(N,)` of columns that name no row; and if the target is the last."""
    names = set(row_names(case))
    found = [hash_values("datetime", codes) for n, codes in case.spoken.items() if n not in names]
    found = [column for column in found if (column != column[0]).any()]
    if case.problem.learns_target:
        found.append(hash_values("number", case.y))
    return _salted(found), case.problem.learns_target


def _columns(case: Case) -> list[Array]:
    """Return a uint64 hash `(N,)` of each column; of a target with many numbers too."""
    found = [hash_values("datetime", codes) for codes in case.spoken.values()]
    if not case.is_classification and len(np.unique(case.y)) > MANY:
        found.append(hash_values("number", case.y))
    return [column for column in found if (column != column[0]).any()]


def _spelt_anew(case: Case, pool: Array, plain: Array) -> Array:
    """Return the mask `(N,)` of rows with a twin in `pool` that is only spelt otherwise.

    `plain` `(N,)` are those with a true twin.
    """
    spoken = combine([hash_values("datetime", codes) for codes in case.spoken.values()])
    return has_twin(spoken, pool) & ~plain


def _units(case: Case) -> Array:
    """Return what stands for itself, as codes `(N,)`: each declared entity in a part, or row."""
    names = [name for name in case.problem.group if name in case.frame.data]
    if not names:
        return np.arange(len(case))
    hashes = [hash_values(case.frame.column(n).kind, case.frame[n]) for n in names]
    entity = combine([*hashes, hash_values("bool", case.test)])
    return np.unique(entity, return_inverse=True)[1]


def _log10_excess(twins: Array, pool: Array, unit: Array, plain: Array) -> float:
    """Return log10 of the chance that test has so many more twins `(N,)` than the pool, counted by
    their `unit` `(N,)`, of the rows that are not equal to one as they are, as those in `plain`.

    Where rows of few values meet, learned ones are equal, and those of another entity nearly so.
    But so many more must also be equal or nearly so.
    """
    looks = ((twins, ~plain | twins), (twins | plain, np.ones_like(plain)))
    return max(
        log10_excess(*(
            len(np.unique(unit[mask]))
            for mask in (found & ~pool, among & ~pool, found & pool, among & pool)
        ))
        for found, among in looks
    )  # fmt: skip


def _twins_but_for_one(columns: list[Array], pool: Array) -> list[Array]:
    """Return masks `(N,)` of rows with a twin in `pool` but for one column, and no true twin.

    First for the columns but for which train rows hardly ever have one, then for all of them.
    """
    salted = _salted(columns)
    total = np.add.reduce(salted)
    plain = has_twin(total, pool)
    twins = [has_twin(total - column, pool) & ~plain for column in salted]
    inside = np.array([twin[pool].mean() for twin in twins])
    kept = [inside <= most for most in (RARE_INSIDE, MOST_INSIDE)]
    return [np.any([twins[c] for c in np.flatnonzero(k)], axis=0) for k in kept if k.any()]


def _twins_but_for_two(
    columns: list[Array], pool: Array, unit: Array, equal: Array
) -> tuple[Array, float]:
    """Return the mask `(N,)` of rows with a twin but for one pair of columns, and its chance.

    Of the pair that test finds twins by oftenest, the number of pairs counted: a record seen a year
    later differs in what grows with the year.
    """
    salted = _salted(columns)
    total = np.add.reduce(salted)
    plain = has_twin(total, pool)
    varied = sorted(salted, key=lambda column: -len(np.unique(column)))[:PAIRED]
    best, chance = plain & False, 0.0
    pairs = list(combinations(varied, 2))
    for first, second in pairs:
        twins = has_twin(total - first - second, pool) & ~plain
        if twins[~pool].sum() < MIN_ROWS or twins[pool].mean() > MOST_INSIDE:
            continue
        at = _log10_excess(twins, pool, unit, equal) + float(np.log10(len(pairs)))
        if at < chance:
            best, chance = twins, at
    return best, chance


def _salted(columns: list[Array]) -> list[Array]:
    """Return hashes of the columns `(N,)` that also tell which column it is."""
    salt = [hash_values("datetime", np.full(1, c)) for c in range(len(columns))]
    return [combine([salt[c].repeat(len(col)), col]) for c, col in enumerate(columns)]
