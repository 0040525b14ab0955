"""time: sequences cut from one series, so that learned ones go on where a test one ends."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding

MOST_ROWS = 20_000
LEAST_STEPS = 4
"""Steps that must be the same, at least; else half of the usual number of steps."""
LEAST_DISTINCT = 0.5
"""Share of them that must differ from each other: rest and zeros repeat by themselves."""
MIN_ROWS, FEW, MANY = 3, 0.005, 0.05
"""Test rows from which on it is told; shares from which it warns, and blocks."""
BASE = np.uint64(0x9E3779B97F4A7C15)


class OverlappingSequencesCheck(Check):
    """Test sequences whose end stands, to the last bit, within a learned sequence that goes on:
    what comes after the test sequence, often its very outcome, has been learned.

    Learned sequences that end before a test one begins or goes on, as a split by time leaves them,
    are none; nor are whole copies, which `rows.duplicate` names.
    """

    family: ClassVar[str] = "time"
    kinds: ClassVar[tuple[str, ...]] = ("time.overlapping_sequences",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        for name in case.tensors:
            looked_at = case.limited(MOST_ROWS)
            cells = looked_at.tensors[name]
            if cells[0].dtype == np.float64 and looked_at.test.any() and not looked_at.test.all():
                yield from _found(looked_at, name, cells)


def _found(case: Case, name: str, cells: Array) -> Iterator[Finding]:
    usual = float(np.median([len(cell) for cell in cells]))
    size = max(LEAST_STEPS, round(usual / 2))
    ends, inside = _pieces(cells, ~case.test, size)
    mask = case.test & np.isin(ends, inside) & (ends != 0)
    count, share = int(mask.sum()), float(mask.sum() / case.test.sum())
    if count < MIN_ROWS:
        return
    first = int(case.frame.row[np.flatnonzero(mask)[0]])
    yield Finding(
        kind="time.overlapping_sequences",
        severity="block" if share >= MANY else "warn" if share >= FEW else "info",
        columns=(name,),
        rows=case.source_rows(mask),
        evidence={
            "test_rows": count,
            "share_of_test": round(share, 4),
            "steps_alike": size,
            "rows_looked_at": len(case),
        },
        message=(
            f"{count} test sequences ({share:.1%}), such as row {first}, end within sequences of "
            f"train or valid that go on after it ({size} steps alike to the last digit): they are "
            "windows of one series, and what comes after them has been learned"
        ),
        remedy=(
            "name the time of each window's last step in problem.time and split by time with a "
            "gap (`ingest: {kind: windows}` does), or name the series in problem.group"
        ),
    )


def _pieces(cells: Array, learned: Array, size: int) -> tuple[Array, Array]:
    """Return a hash `(N,)` of the last `size` steps of each sequence (0: too few, or too much
    alike), and the hashes of all pieces of learned ones after which they go on.
    """
    ends = np.zeros(len(cells), dtype=np.uint64)
    inside: list[Array] = []
    factors = np.cumprod(np.full(size, BASE))
    for row, cell in enumerate(cells):
        if len(cell) < size:
            continue
        steps = _steps(cell)
        windows = sliding_window_view(steps, size)
        hashes = (windows * factors).sum(axis=1, dtype=np.uint64)
        if learned[row]:
            inside.append(hashes[:-1])
        if len(np.unique(steps[-size:])) >= max(LEAST_STEPS - 1, LEAST_DISTINCT * size):
            ends[row] = hashes[-1]
    return ends, np.unique(np.concatenate(inside)) if inside else np.empty(0, dtype=np.uint64)


def _steps(cell: Array) -> Array:
    """Return a hash `(T,)` of each step."""
    plain = cell + 0.0
    plain[np.isnan(plain)] = np.nan
    bits = np.ascontiguousarray(plain).view(np.uint64)
    bits = (bits ^ (bits >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    factors = np.cumprod(np.full(cell.shape[1], BASE))
    mixed = ((bits ^ (bits >> np.uint64(32))) * factors).sum(axis=1, dtype=np.uint64)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
