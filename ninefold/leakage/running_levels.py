"""encoding.running: a mean or sum of the target so far that counts the row itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._groupings import Grouping, groupings_of
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.encoding import targets_of

ROWS, PROBED, MIN_ROWS = 20_000, 64, 40
"""Rows that are looked at, whole groups of them; those of a first look; those that must tell the
level with the row from that without."""
MORE = 8
"""Columns of few values that are tried besides."""
WINDOWS = (2, 3, 4, 5, 6, 7, 10, 12, 14, 20, 21, 28, 30)
HOLDS, HINT, BY_CHANCE = 0.9, 0.6, 0.6
"""Share of those rows that must meet the level; of the first look; and most with targets shuffled,
where the last row of each group meets it, and more of them do if rates are few."""
APART = 1.9
"""Steps of the column by which the two levels must differ for a row to tell them apart."""


@dataclass(frozen=True)
class _Run:
    """Targets group after group, in order.

    Shapes: `rows` `(M,)` positions in the case; `y`, `first` `(M,)` targets and the place at which
    each row's group begins.
    """

    rows: Array
    y: Array
    first: Array
    words: str

    def levels(self) -> Iterator[tuple[str, Array, Array]]:
        """Yield what it is called, the level with each row `(M,)`, and the one before it.

        NaN where the group has no such level yet.
        """
        place = np.arange(len(self.y))
        count = place - self.first + 1
        total = np.concatenate([[0.0], np.cumsum(self.y)])
        so_far = total[1:] - total[self.first]
        before = np.where(count > 1, so_far - self.y, np.nan)
        yield "sum", so_far, before
        yield "mean", so_far / count, before / np.maximum(count - 1, 1)
        for window in WINDOWS:
            whole = count > window
            if whole.sum() < MIN_ROWS:
                break
            mean = (total[1:] - total[np.maximum(place + 1 - window, 0)]) / window
            earlier = np.concatenate([[np.nan], mean[:-1]])
            what = f"mean of the last {window}"
            yield what, np.where(whole, mean, np.nan), np.where(whole, earlier, np.nan)


class RunningLevelCheck(Check):
    """Features that are the target's mean or sum up to the row, the row's own target among it.

    Over the rows so far of an entity, a category, a period, or the whole table, or over the last
    few of them. The column must meet that level to the last digit wherever it differs from the
    level without the row; with targets shuffled inside the groups hardly any row may. Whatever the
    order of the rows means, a column that holds the row's own target is known too late.
    """

    family: ClassVar[str] = "encoding"
    kinds: ClassVar[tuple[str, ...]] = ("encoding.running",)

    def findings(self, case: Case) -> Iterator[Finding]:
        numbers = [n for n in case.inputs if case.frame.column(n).kind == "number"]
        if not numbers or len(case) < 2 * MIN_ROWS:
            return
        table = np.column_stack([case.number(name) for name in numbers])
        fine = [resolution(x) for x in table.T]
        left = set(range(len(numbers)))
        for grouping in _groupings(case):
            for y in _targets(case):
                run = _run(case, grouping, y)
                for at, what in _met(run, table, np.array(fine), case.seed):
                    if at in left:
                        left.remove(at)
                        yield _finding(case, numbers[at], what, run.words)


def _targets(case: Case) -> Iterator[Array]:
    """Yield the numbers `(N,)` that may have been summed up; of two classes, either."""
    for y in targets_of(case):
        yield y
        if case.is_classification and int(case.y.max()) == 1:
            yield 1 - y


def _groupings(case: Case) -> Iterator[Grouping]:
    """Yield the groups that rows fall into; of the numbers, those of fewest values, too."""
    yield from groupings_of(case)
    levels = {n: int(case.codes[n].max()) + 1 for n in case.inputs}
    few = sorted((n for n in levels if 2 < levels[n] <= len(case) / 2), key=lambda n: levels[n])
    for name in few[:MORE]:
        yield Grouping(case.codes[name], f"`{name}`")
    yield Grouping(np.zeros(len(case), dtype=np.int64), "")


def _run(case: Case, grouping: Grouping, y: Array) -> _Run:
    rank = np.empty(len(case), dtype=np.int64)
    rank[case.order] = np.arange(len(case))
    rows = np.lexsort((rank, grouping.code))[:ROWS]
    change = np.flatnonzero(np.diff(grouping.code[rows])) + 1
    starts = np.concatenate([[0], change])
    size = np.diff(np.concatenate([starts, [len(rows)]]))
    return _Run(rows, y[rows] - 0.0, np.repeat(starts, size), grouping.words)


def _met(run: _Run, table: Array, fine: Array, seed: int) -> Iterator[tuple[int, str]]:
    """Yield the columns of `(N, C)` that are a level with the row, and what that is called."""
    deviation = float(run.y.std())
    if deviation == 0:
        return
    near = np.maximum(0.51 * fine, 1e-6 * deviation)
    cells = table[run.rows]
    for number, (what, level, before) in enumerate(run.levels()):
        gap = np.abs(level - before)
        told = np.flatnonzero(gap > APART * near.min())
        probe = told[:: max(1, len(told) // PROBED)]
        if len(told) < MIN_ROWS:
            continue
        fits = np.abs(cells[probe] - level[probe, None]) <= near
        for at in np.flatnonzero(fits.mean(axis=0) >= HINT * _share(gap[probe], near)):
            rows = np.flatnonzero(gap > APART * near[at])
            if len(rows) < MIN_ROWS or _holds(cells[rows, at], level[rows], near[at]) < HOLDS:
                continue
            there = np.isfinite(level)
            if _fit(cells[there, at], level[there], near[at]) < HOLDS:
                continue  # It counts the rows of one class, and those of others anew.
            mixed = list(_shuffled(run, seed).levels())[number][1]
            if _fit(cells[rows, at], mixed[rows], near[at]) <= BY_CHANCE:
                yield int(at), what


def _share(gap: Array, near: Array) -> Array:
    """Return, for each column's grid `(C,)`, the share of `gap` `(n,)` that it tells apart."""
    return np.asarray((gap[:, None] > APART * near).mean(axis=0)).clip(0.2)


def _holds(x: Array, level: Array, near: float) -> float:
    """Return in what share of rows `x` `(n,)` is the level, the commonest level left out if less.

    A column of one value meets the level that a rare class has most of the time.
    """
    values, place = np.unique(level, return_inverse=True)
    other = place != np.bincount(place, minlength=len(values)).argmax()
    of_others = _fit(x[other], level[other], near) if other.any() else 0.0
    return min(_fit(x, level, near), of_others)


def _fit(x: Array, level: Array, near: float) -> float:
    return float((np.abs(x - level) <= near).mean())


def _shuffled(run: _Run, seed: int) -> _Run:
    """Return the run with the targets of each group in another order."""
    mixed = np.random.default_rng(seed).random(len(run.y))
    return _Run(run.rows, run.y[np.lexsort((mixed, run.first))], run.first, run.words)


def _finding(case: Case, name: str, what: str, by: str) -> Finding:
    target = case.problem.target
    within = f" within {by}" if by else ""
    return Finding(
        kind="encoding.running",
        severity="block",
        columns=(name,),
        rows=case.source_rows(case.test),
        evidence={"level": what, "within": by},
        message=f"`{name}` is the {what} of `{target}` up to each row{within} to the last digit, "
        "the row's own target among it",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, or compute it from earlier rows "
        "only (`shift(1)` first)",
        fix=known_after([name]),
    )
