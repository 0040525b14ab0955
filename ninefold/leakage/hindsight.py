"""target: a feature that gives away a column declared as known only after the outcome."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import auc, rank_correlation

ROWS, SCREENED = 4000, 48
"""Rows on which a relation is judged, and on which it is looked for."""
HOLDS, HINT = 0.5, 0.25
"""Share of rows in which a relation must hold exactly, and of the screened ones to be looked at."""
WITHOUT = 0.2
"""A relation that holds in more rows without the feature, or with its values shuffled, is none."""
MIN_ROWS = 50
LARGEST = 1e9
"""Sums of larger numbers are not exact to the sixth digit."""
_Term = tuple[float, str]
"""A sign and a column."""
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
        values = {name: _finite(some.frame[name]) for name in [*late, *known]}
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
    pairs = list(_pairs(known))
    hints = _mode_shares(np.column_stack([_rest(values, late, few, pair) for pair in pairs]))
    for at in np.flatnonzero(hints >= HINT).tolist():
        found = _judged(values, late, pairs[at], rng)
        if found is not None:
            yield found


def _pairs(known: list[str]) -> Iterator[tuple[_Term, ...]]:
    """Yield each feature alone and each pair of features, with either sign."""
    for sign in (1.0, -1.0):
        for i, first in enumerate(known):
            yield ((sign, first),)
            for second in known[i + 1 :]:
                yield ((sign, first), (1.0, second))
                yield ((sign, first), (-1.0, second))


def _rest(values: dict[str, Array], late: str, rows: Array, terms: tuple[_Term, ...]) -> Array:
    """Return what is left of the late column at `rows` when the terms are taken away."""
    rest = values[late][rows]
    for sign, name in terms:
        rest = rest - sign * values[name][rows]
    return rest


def _mode_shares(table: Array) -> Array:
    """Return the share of the most frequent number in each column of `(n, c)`; missing differ."""
    ordered = np.sort(np.round(table, 6), axis=0)
    run, best = np.ones(table.shape[1]), np.ones(table.shape[1])
    for row in range(1, len(ordered)):
        run = np.where(ordered[row] == ordered[row - 1], run + 1, 1)
        best = np.maximum(best, run)
    return np.asarray(best / len(table))


def _judged(
    values: dict[str, Array], late: str, terms_of: tuple[_Term, ...], rng: np.random.Generator
) -> _Relation | None:
    """Return the relation if it holds on all rows and no feature is idle in it."""
    there = np.isfinite(values[late])
    for _, name in terms_of:
        there &= np.isfinite(values[name])
    if there.sum() < MIN_ROWS:
        return None
    y = values[late][there]
    terms = [sign * values[name][there] for sign, name in terms_of]
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
    names = tuple(name for _, name in terms_of)
    return _Relation(names, share, max(idle), int(there.sum()))


def _finite(values: Array) -> Array:
    """Return numbers `(N,)` small enough to be told apart when added; others are NaN."""
    numbers = np.asarray(values, dtype=np.float64)
    return np.where(np.abs(np.nan_to_num(numbers, nan=np.inf)) < LARGEST, numbers, np.nan)


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
        fix=known_after([column]),
    )
