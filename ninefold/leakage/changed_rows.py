"""rows: copies put into the test part with one cell changed, or with a text spelt anew."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import log10_excess
from ninefold.splitting.identity import combine, has_twin, hash_values

ROWS = 400_000
MIN_COLUMNS, MIN_ROWS, MIN_SHARE = 4, 6, 0.01
RARE_INSIDE, MOST_INSIDE = 0.005, 0.05
"""Shares of train rows with a twin but for a column from which that column is left out."""
UNLIKELY = -4.0
"""log10 of the chance that test has so many more of them than train has inside."""
MANY = 20
"""Distinct numbers of a target from which it is compared like a column."""


class ChangedRowsCheck(Check):
    """Test rows that equal a train or valid row in every column but one, or but for spelling.

    Under an honest split a test row finds such a twin as often as a train row finds one inside
    train: the rows are exchangeable (Fisher's exact test). Copies put into test find it oftener.
    Texts are compared by their letters and digits alone.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.changed",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.split_kind != "given" or case.follows_time or not case.inputs:
            return
        case = case.limited(ROWS)
        columns = _columns(case)
        pool = ~case.test
        if pool.sum() < MIN_ROWS or case.test.sum() < MIN_ROWS:
            return
        spelt = _spelt_anew(case, pool)
        twins, chance = spelt, _log10_excess(spelt, pool)
        if len(columns) >= MIN_COLUMNS:
            more = [spelt | found for found in _twins_but_for_one(columns, pool)]
            at = [_log10_excess(found, pool) + np.log10(len(more)) for found in more]
            if at and min(at) < chance:
                twins, chance = more[int(np.argmin(at))], min(at)
        hits, inside = int(twins[case.test].sum()), int(twins[pool].sum())
        if hits < max(MIN_ROWS, MIN_SHARE * case.test.sum()) or chance > UNLIKELY:
            return
        share = hits / int(case.test.sum())
        yield Finding(
            kind="rows.changed",
            severity="warn",
            rows=case.source_rows(twins & case.test),
            evidence={
                "test_rows": hits,
                "share_of_test": round(share, 6),
                "share_inside_train": round(inside / int(pool.sum()), 6),
                "log10_probability_of_the_difference": round(chance, 1),
                "rows_looked_at": len(case),
            },
            message=(
                f"{hits} test rows ({share:.1%}) equal a train or valid row in all but one column, "
                f"or but for spelling; inside train {inside / int(pool.sum()):.1%} do: copies, "
                "changed a little"
            ),
            remedy="remove the copies from the split file, or let `split: {kind: auto}` make the "
            "parts and name in problem.group what ties them",
        )


def _columns(case: Case) -> list[Array]:
    """Return a uint64 hash `(N,)` of each column; of a target with many numbers too."""
    found = [hash_values("datetime", codes) for codes in case.spoken.values()]
    if not case.is_classification and len(np.unique(case.y)) > MANY:
        found.append(hash_values("number", case.y))
    return [column for column in found if (column != column[0]).any()]


def _spelt_anew(case: Case, pool: Array) -> Array:
    """Return the mask `(N,)` of rows with a twin in `pool` that is only spelt otherwise."""
    written = combine([case.hashes[name] for name in case.inputs])
    spoken = combine([hash_values("datetime", codes) for codes in case.spoken.values()])
    return has_twin(spoken, pool) & ~has_twin(written, pool)


def _log10_excess(twins: Array, pool: Array) -> float:
    """Return log10 of the chance that test has so many more twins `(N,)` than the pool."""
    hits, inside = int((twins & ~pool).sum()), int((twins & pool).sum())
    return log10_excess(hits, int((~pool).sum()), inside, int(pool.sum()))


def _twins_but_for_one(columns: list[Array], pool: Array) -> list[Array]:
    """Return masks `(N,)` of rows with a twin in `pool` but for one column, and no true twin.

    First for the columns but for which train rows hardly ever have one, then for all of them.
    """
    salted = [combine([hash_values("datetime", np.full(1, c)).repeat(len(pool)), column])
              for c, column in enumerate(columns)]  # fmt: skip
    total = np.add.reduce(salted)
    plain = has_twin(total, pool)
    twins = [has_twin(total - column, pool) & ~plain for column in salted]
    inside = np.array([twin[pool].mean() for twin in twins])
    kept = [inside <= most for most in (RARE_INSIDE, MOST_INSIDE)]
    return [np.any([twins[c] for c in np.flatnonzero(k)], axis=0) for k in kept if k.any()]
