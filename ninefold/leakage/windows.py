"""time.windows: rows that are overlapping windows of one series, on both sides of the split."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._series import Series
from ninefold.leakage._shifts import (
    MIN_DISTINCT,
    MOST,
    Edges,
    chains,
    edges_by_value,
    edges_in_order,
)
from ninefold.leakage._ties import SURE, agreement
from ninefold.leakage.case import Case, Check, Finding, Fix, Severity
from ninefold.splitting.identity import combine, hash_values

MIN_ROWS, MIN_TEST = 60, 10
COVERED, UNIQUE = 0.5, 0.9
"""Least share of rows that have a next row; and of distinct rows for it to be sought by value."""
MIXED = 0.25
"""Share, of what a random split gives, of test rows with learned rows just before and just after.
A split by time has none of the latter, one in blocks of rows few of both."""
LARGEST = 1e100

BLOCKS, FEWEST, ROWS_A_BLOCK = 20, 10, 4
"""Stretches of the file to cut it into, at most and at least, and windows that one must hold."""


class WindowsCheck(Check):
    """Test rows most of whose cells stand in learned rows too, one column further.

    Rows cut from a series as windows (`lag_1 … lag_8`) overlap their neighbours. A split that puts
    neighbours on both sides measures memory, if their targets go together: else it informs. Where
    `problem.time` is declared, `time.order` judges the split.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.windows",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.problem.time or len(case) < MIN_ROWS or case.test.sum() < MIN_TEST:
            return
        names, cells = _cells(case)
        if len(names) < 3:
            return
        found = _windows(case, names, cells)
        if found is None:
            return
        before, after = (_learned(case, steps) for steps in (found.before, found.after))
        by_chance = float((~case.test).mean())
        if min(before, after) >= MIXED * by_chance:
            yield _finding(case, found, before, after, by_chance)


@dataclass(frozen=True)
class _Windows:
    """The chain's columns, and each row's next one `(N,)`, -1 where there is none."""

    columns: tuple[str, ...]
    width: int
    after: Array
    time: str | None

    @property
    def before(self) -> Array:
        steps = np.full(len(self.after), -1)
        has = np.flatnonzero(self.after >= 0)
        steps[self.after[has]] = has
        return steps


def _cells(case: Case) -> tuple[list[str], Array]:
    """Return the numeric columns with more than a few values, the target among them, `(N, C)`."""
    names = [n for n in case.inputs if case.frame.column(n).kind == "number"]
    if not case.is_classification:
        names.insert(0, case.problem.target)
    names = [n for n in names if len(np.unique(case.frame[n][:2000])) >= MIN_DISTINCT][:MOST]
    if not names:
        return names, np.empty((len(case), 0))
    cells = np.column_stack([np.asarray(case.frame[n], dtype=np.float64) for n in names])
    return names, np.where(np.abs(np.nan_to_num(cells, nan=np.inf)) < LARGEST, cells, np.nan)


def _windows(case: Case, names: list[str], cells: Array) -> _Windows | None:
    """Look for windows in the orders the rows may have, then in no order at all."""
    for series in case.series:
        edges = edges_in_order(cells, series, case.seed)
        if edges:
            return _made(case, names, cells, edges, series)
    edges = edges_by_value(cells, case.seed)
    return _made(case, names, cells, edges, None) if edges else None


def _made(
    case: Case, names: list[str], cells: Array, edges: Edges, series: Series | None
) -> _Windows | None:
    ends, starts = list(edges), list(edges.values())
    whole = np.isfinite(cells[:, ends]).all(axis=1)
    after = _by_value(case, names, cells, ends, starts)
    if after is None and series is not None:
        after = _in_order(cells, ends, starts, series)
    if after is None or (after[whole] >= 0).mean() < COVERED:
        return None
    found = chains(edges)
    columns = tuple(names[column] for chain in found for column in chain)
    time = series.time if series is not None else None
    return _Windows(columns, max(map(len, found)), after, time)


def _by_value(
    case: Case, names: list[str], cells: Array, ends: list[int], starts: list[int]
) -> Array | None:
    """Return each row's next one by its values; None where rows are too alike for that."""
    key, sought = (
        combine([hash_values("number", case.frame[names[c]]) for c in columns])
        for columns in (starts, ends)
    )
    there = np.flatnonzero(np.isfinite(cells[:, starts]).all(axis=1))
    known, first = np.unique(key[there], return_index=True)
    if not len(there) or len(known) < UNIQUE * len(there):
        return None
    at = np.minimum(np.searchsorted(known, sought), len(known) - 1)
    after = there[first[at]]
    hit = (known[at] == sought) & np.isfinite(cells[:, ends]).all(axis=1)
    return np.where(hit & (after != np.arange(len(cells))), after, -1)


def _in_order(cells: Array, ends: list[int], starts: list[int], series: Series) -> Array:
    """Return each row's next one in the order of the series, if its values say so too."""
    here, then = series.index[:-1], series.index[1:]
    same = series.entity[:-1] == series.entity[1:]
    same &= (cells[here][:, ends] == cells[then][:, starts]).all(axis=1)
    after = np.full(len(cells), -1)
    after[here[same]] = then[same]
    return after


def _learned(case: Case, steps: Array) -> float:
    """Return the share of test rows whose neighbour is in train or valid."""
    mine = steps[case.test]
    return float(((mine >= 0) & ~case.test[mine]).mean())


def _overlapping(case: Case, found: _Windows) -> Array:
    """Return the mask `(N,)` of test rows that share cells with a row of train or valid."""
    mask = np.zeros(len(case), dtype=bool)
    for steps in (found.before, found.after):
        at = np.arange(len(case))
        for _ in range(found.width - 1):
            at = np.where(at >= 0, steps[at], -1)
            mask |= (at >= 0) & ~case.test[at]
    return mask & case.test


def _agree(case: Case, found: _Windows) -> bool:
    """Tell whether the targets of neighbours go together, or against each other, beyond chance."""
    if not case.problem.learns_target:
        return True
    here = np.flatnonzero(found.after >= 0)
    return abs(agreement(case, here, found.after[here])) >= SURE


def _severity(case: Case, found: _Windows) -> Severity:
    if not _agree(case, found):
        return "info"
    return "block" if case.split_kind == "given" else "warn"


def _finding(case: Case, found: _Windows, before: float, after: float, by_chance: float) -> Finding:
    mask, severity = _overlapping(case, found), _severity(case, found)
    count, names = int(mask.sum()), ", ".join(f"`{n}`" for n in found.columns[:4])
    more = f" … ({len(found.columns)} columns)" if len(found.columns) > 4 else ""
    return Finding(
        kind="time.windows",
        severity=severity,
        columns=found.columns,
        rows=case.source_rows(mask),
        evidence={
            "test_rows": count,
            "columns_in_a_window": found.width,
            "rows_with_a_next_window": round(float((found.after >= 0).mean()), 4),
            "test_rows_after_a_learned_row": round(before, 4),
            "test_rows_before_a_learned_row": round(after, 4),
            "if_split_at_random": round(by_chance, 4),
        },
        message=(
            f"the rows are overlapping windows of one series ({names}{more}: each holds the "
            f"last one's values a row later), and {count} test rows share cells with train or "
            "valid rows just before and after them: "
            + (
                "their targets, though, do not go together"
                if severity == "info"
                else "the model is measured on what it learned"
            )
        ),
        remedy=(
            f"problem: {{time: {found.time or 'a column that orders the rows'}}} and "
            "split: {kind: time}; or split: {kind: blocked} with a gap of "
            f"{found.width} rows"
        ),
        fix=_fix(case, found),
    )


def _fix(case: Case, found: _Windows) -> Fix:
    """Return the change to a split that keeps windows apart: by time, or in stretches of a file."""
    if found.time:
        return ((("problem", "time"), found.time), (("split", "kind"), "time"))
    rows = case.frame.row
    has = found.after >= 0
    in_file = float((np.abs(rows[found.after[has]] - rows[has]) == 1).mean()) if has.any() else 0.0
    stretches = min(BLOCKS, len(case) // (ROWS_A_BLOCK * found.width))
    if in_file < COVERED or stretches < FEWEST or case.split_kind == "given" or case.problem.group:
        return ()
    return (
        (("split", "kind"), "blocked"),
        (("split", "blocks"), stretches),
        (("split", "gap"), found.width),
    )
