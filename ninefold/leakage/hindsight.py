"""target: a feature that gives away a column declared as known only after the outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import auc, rank_correlation

ROWS, SCREENED = 4000, 48
"""Rows on which a relation is judged, and on which it is looked for."""
HOLDS, HINT = 0.5, 0.25
"""Share of rows in which a relation must hold exactly, and of the screened ones to be looked at."""
WITHOUT = 0.2
"""A relation that holds in more rows without the feature, or with its values shuffled, is none."""
MIN_ROWS = 50
MOST = 40
"""Columns of each kind that are paired; a relation needs three."""


class HindsightCheck(Check):
    """Features that, with another one, add up exactly to a column of `available_at: after`.

    `delay + scheduled = departure`: who knows the first two knows the third, so either it is known
    in time after all, or one of the two is not. The declaration contradicts itself, which has no
    honest reading. Of the two, the feature that tells more of the target is named.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.hindsight",)

    def findings(self, case: Case) -> Iterator[Finding]:
        late = [
            c.name for c in case.frame.having("after")
            if c.kind == "number" and c.name != case.problem.target
        ][:MOST]  # fmt: skip
        known = [n for n in case.inputs if case.frame.column(n).kind == "number"][:MOST]
        if not late or not known or len(case) < MIN_ROWS:
            return
        some = case.limited(ROWS)
        values = {name: np.asarray(some.frame[name], dtype=np.float64) for name in [*late, *known]}
        named: set[str] = set()
        for name in late:
            for found in _relations(values, name, known, np.random.default_rng(case.seed)):
                column = max(found.columns, key=lambda n: _tells(some, n, values[n]))
                if column not in named:
                    named.add(column)
                    yield _finding(case, column, name, found)


@dataclass(frozen=True)
class _Relation:
    """`late = ± first ± second + constant`, or with `first` alone, and how often it holds."""

    columns: tuple[str, ...]
    share: float
    without: float
    rows: int


def _relations(
    values: dict[str, Array], late: str, known: list[str], rng: np.random.Generator
) -> Iterator[_Relation]:
    """Yield the relations that a screen of a few rows hints at and all rows confirm."""
    whole = np.isfinite(values[late])
    if whole.sum() < MIN_ROWS or len(np.unique(values[late][whole])) < 10:
        return
    few = np.flatnonzero(whole)[:: max(1, int(whole.sum()) // SCREENED)]
    table = np.column_stack([np.zeros(len(few)), *(values[n][few] for n in known)])
    for sign in (1.0, -1.0):
        for i, first in enumerate(known):
            rest = values[late][few] - sign * values[first][few]
            for other in (1.0, -1.0):
                hints = _mode_shares(rest[:, None] - other * table)
                for j in np.flatnonzero(hints >= HINT).tolist():
                    if j == i + 1 or (j > 0 and j < i + 1 and sign == other):
                        continue
                    second = known[j - 1] if j else None
                    found = _judged(values, late, (sign, first), (other, second), rng)
                    if found is not None:
                        yield found


def _mode_shares(table: Array) -> Array:
    """Return the share of the most frequent number in each column of `(n, c)`; missing differ."""
    ordered = np.sort(np.round(table, 6), axis=0)
    run, best = np.ones(table.shape[1]), np.ones(table.shape[1])
    for row in range(1, len(ordered)):
        run = np.where(ordered[row] == ordered[row - 1], run + 1, 1)
        best = np.maximum(best, run)
    return np.asarray(best / len(table))


def _judged(
    values: dict[str, Array],
    late: str,
    first: tuple[float, str],
    second: tuple[float, str | None],
    rng: np.random.Generator,
) -> _Relation | None:
    """Return the relation if it holds on all rows and neither feature is idle in it."""
    parts = [(sign, values[name]) for sign, name in (first, second) if name is not None]
    there = np.isfinite(values[late])
    for _, part in parts:
        there &= np.isfinite(part)
    if there.sum() < MIN_ROWS:
        return None
    y = values[late][there]
    terms = [sign * part[there] for sign, part in parts]
    share = _mode_share(y - np.sum(terms, axis=0))
    if share < HOLDS:
        return None
    idle = []
    for number in range(len(terms)):
        others = [term for k, term in enumerate(terms) if k != number]
        base = y - np.sum(others, axis=0) if others else y
        idle += [_mode_share(base), _mode_share(base - rng.permutation(terms[number]))]
    if max(idle) > WITHOUT * share:
        return None
    names = tuple(name for _, name in (first, second) if name is not None)
    return _Relation(names, share, max(idle), int(there.sum()))


def _mode_share(values: Array) -> float:
    return float(np.unique(np.round(values, 6), return_counts=True)[1].max() / len(values))


def _tells(case: Case, name: str, values: Array) -> float:
    """Return how much a feature's order tells of the target, 0 to 1."""
    there = np.isfinite(values)
    x, y = values[there], case.y[there]
    if len(x) < MIN_ROWS:
        return 0.0
    if not case.is_classification:
        return abs(rank_correlation(x, y)[0])
    return max(abs(2 * auc(x, y == code)[0] - 1) for code in np.unique(y).tolist())


def _finding(case: Case, column: str, late: str, found: _Relation) -> Finding:
    others = [name for name in found.columns if name != column]
    how = f" with `{others[0]}`" if others else ""
    return Finding(
        kind="target.hindsight",
        severity="block",
        columns=(column,),
        rows=case.source_rows(case.test),
        evidence={
            "gives_away": late,
            "together_with": others,
            "holds_in": round(found.share, 4),
            "without_it_or_shuffled": round(found.without, 4),
            "rows": found.rows,
        },
        message=(
            f"`{column}`{how} adds up exactly to `{late}` in {found.share:.0%} of rows (shuffled: "
            f"{found.without:.0%}), and `{late}` is declared as known only after the outcome: then "
            f"so is `{column}`"
        ),
        remedy=(
            f"problem: {{available_at: {{{column}: after}}}}; or, if `{late}` is known in time, "
            "take it out of available_at"
        ),
        fix=((("problem", "available_at", column), "after"),),
    )
