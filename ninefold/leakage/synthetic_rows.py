"""rows: synthesised from rows of another part, as oversampling before the split does."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._interpolation import Triples, between, independent
from ninefold.leakage._resolution import unscaled
from ninefold.leakage.case import Case, Check, Finding
from ninefold.splitting.identity import pairs_within

MIN_COLUMNS, MIN_DISTINCT = 2, 20
MIN_ROWS, MIN_SHARE = 8, 0.04
"""Rows between two others, and their share of a class, below which nothing is said."""
QUERIES, ALL, ROWS = 2000, 20_000, 30_000
"""Rows looked at first, then where some were found, and rows among which neighbours are sought."""
PLACE, MEET = 0.02, 2.0
"""Places between two rows are told apart by this share of the way; and how many times oftener than
places drawn at any do they coincide, at most."""


class SyntheticRowsCheck(Check):
    """Rows that lie between two others of their class to the last digit, across the parts.

    SMOTE (Chawla and others 2002) draws a point on the line from a row to one of its neighbours,
    rounded or not. Rows moved by a few digits tell how often that happens by chance. What else
    makes straight lines, gaps filled in by halves, steady growth or one rate times classes of
    income, puts points at a few places; SMOTE at any. In two columns alone, as between rows that
    are 0 in most, chance makes lines where values lie on a grid: there only rows count whose values
    no other row has. A grid is one however it was scaled: lines stay straight.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.synthetic",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        names = _numbers(case)
        if len(names) < MIN_COLUMNS:
            return
        seen = case.limited(ROWS)
        x = np.column_stack([unscaled(_filled(seen.frame[name])) for name in names])
        x = x[:, np.ptp(x, axis=0) > 0]
        x = x[:, independent(x)] if x.shape[1] else x
        if x.shape[1] < MIN_COLUMNS:
            return
        found = _triples(seen, x)
        crossing = _crossing(seen, found)
        rows = np.unique(np.concatenate(crossing))
        if len(rows) < MIN_ROWS / 2 or _at_few_places(found.way):
            return
        mask = np.zeros(len(seen), dtype=bool)
        mask[rows] = True
        yield _finding(seen, mask, found, x.shape[1])


def _numbers(case: Case) -> list[str]:
    """Return the numeric inputs with enough values to interpolate between."""
    return [
        name
        for name in case.inputs
        if case.frame.column(name).kind == "number" and case.codes[name].max() >= MIN_DISTINCT
    ]


def _filled(values: Array) -> Array:
    known = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, np.median(known) if len(known) else 0.0)


def _triples(case: Case, x: Array) -> Triples:
    """Look for rows between two of their class; a regression target has one class."""
    label = case.y if case.is_classification else np.zeros(len(case), dtype=np.int64)
    rng = np.random.default_rng(case.seed)
    found = []
    for code in np.unique(label):
        members = np.flatnonzero(label == code)
        inside = x[members]
        moving = np.ptp(inside, axis=0) > 0
        if len(members) < MIN_ROWS or moving.sum() < MIN_COLUMNS:
            continue
        share = max(200, QUERIES * len(members) // len(case))
        queries = np.arange(len(members))
        if len(members) > share:
            queries = np.sort(rng.choice(len(members), share, replace=False))
        t = between(inside[:, moving], queries, case.seed)
        if len(queries) < len(members) and len(t.middle) >= MIN_ROWS:
            t = between(inside[:, moving], np.arange(len(members))[:ALL], case.seed)
        t = t.take(_is_no_chance(inside[:, moving], t))
        if len(t.middle) < max(MIN_ROWS, MIN_SHARE * min(len(members), ALL)):
            continue
        found.append(Triples(members[t.middle], members[t.first], members[t.second], t.way))
    if not found:
        none = np.zeros(0, dtype=np.int64)
        return Triples(none, none, none, none.astype(np.float64))
    return Triples(
        np.concatenate([t.middle for t in found]),
        np.concatenate([t.first for t in found]),
        np.concatenate([t.second for t in found]),
        np.concatenate([t.way for t in found]),
    )


def _is_no_chance(x: Array, found: Triples) -> Array:
    """Return which triples `(M,)` of `(N, F)` grids cannot make: their ends differ in more than two
    columns, or in two in which no other row has a value of the row between.
    """
    moved = x[found.first] != x[found.second]
    own = np.ones(x.shape, dtype=bool)
    for place, column in enumerate(x.T):
        _, code, size = np.unique(column, return_inverse=True, return_counts=True)
        own[:, place] = size[code] == 1
    count = moved.sum(axis=1)
    is_own = (own[found.middle] | ~moved).all(axis=1)
    return np.asarray((count > MIN_COLUMNS) | ((count == MIN_COLUMNS) & is_own))


def _crossing(case: Case, found: Triples) -> list[Array]:
    """Return the test rows that lie between train rows, and those that have a train row between."""
    test = case.test
    inside = test[found.middle] & (~test[found.first] | ~test[found.second])
    outside = ~test[found.middle]
    ends = [end[outside & test[end]] for end in (found.first, found.second)]
    return [found.middle[inside], *ends]


def _at_few_places(way: Array) -> bool:
    """Tell whether rows stand at the same places between their neighbours, be they several."""
    counts = np.bincount((np.minimum(way, 1 - way) / PLACE).astype(np.int64))
    meeting, pairs = pairs_within(counts), len(way) * (len(way) - 1) / 2
    return bool(meeting > MEET * 2 * PLACE * pairs)


def _finding(case: Case, mask: Array, found: Triples, columns: int) -> Finding:
    count = int(mask.sum())
    share = count / max(1, int(case.test.sum()))
    is_certain = columns > MIN_COLUMNS and case.split_kind == "given" and share >= 0.01
    return Finding(
        kind="rows.synthetic",
        severity="block" if is_certain else "warn",
        rows=case.source_rows(mask),
        evidence={
            "rows_between_two_others": len(found.middle),
            "test_rows": count,
            "share_of_test": round(share, 6),
            "rows_looked_at": len(case),
            "columns": columns,
        },
        message=(
            f"{count} test rows ({share:.1%}) lie exactly on a straight line between two rows of "
            "their class, at least one of the three in train, or have such a train row beside "
            "them: the table was oversampled (SMOTE) before it was split, and the model is "
            "measured on blends of what it learned"
        ),
        remedy=(
            "drop the synthetic rows from the source; `sampling: {kind: over}` balances the train "
            "rows only"
        ),
    )
