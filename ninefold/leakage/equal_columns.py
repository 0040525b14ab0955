"""target.equality: whether two columns are equal, or one constant apart, tells the target."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.durations import DAY_US
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_arrangements

ROWS, MOST = 4000, 200
"""Rows looked at, and columns of one kind that are paired, where some rows do not rule it out."""
MIN_ROWS = 20
"""Rows in which the two must be equal, and in which they must differ."""
NEARLY, EXACT_ALONE = 0.995, 0.995
"""Share of rows in which equality goes with one class, and a single value of either column does."""
MAX_CLASSES = 12
DRAWN, ALIKE, VARIED = 9, 8, 10
"""Rows of a class by which a constant is sought, how many must have it, and distinct values that
both columns must have where they do: of few values a constant is a pair of them."""
EXACT = 1e-9
"""Share of a constant that rounding takes."""


class EqualColumnsCheck(Check):
    """Pairs of columns that are equal in the rows of one class and in no others, or not in one.

    The time a case was followed for and the time to the event are equal where the event never came;
    the ordered and the delivered amount where nothing was sent back. One of the two was written
    when the outcome was known, or the target is made from both. So it is where their sum or their
    difference is a constant: the first day and the days since make the day the data were drawn
    where nothing ended them.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.equality",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.is_classification or case.y.max() >= MAX_CLASSES:
            return
        case = case.limited(ROWS)
        seen: set[str] = set()
        for pair, relation in _related(case):
            found = None if seen & set(pair) else _told(case, pair, relation)
            if found is not None:
                seen |= set(pair)
                yield _finding(pair, *found)


@dataclass(frozen=True)
class _Relation:
    """What two columns have in common: the rows `(N,)` in which they do, and that in words."""

    holds: Array
    said: str


def _related(case: Case) -> Iterator[tuple[tuple[str, str], _Relation]]:
    """Yield pairs of columns and how they may go together: equal ones, then those in a sum."""
    numbers, moments, words = (
        {name: case.frame[name] for name in case.inputs if case.frame.column(name).kind in kinds}
        for kinds in (("number",), ("datetime",), ("category", "text"))
    )
    some = _some_of_each(case.y)
    for columns in (numbers, moments, words):
        for first, second in _perhaps_equal(case, list(columns)[:MOST], some):
            holds = columns[first] == columns[second]
            yield (first, second), _Relation(holds, f"`{first}` equals `{second}`")
    days = {name: case.number(name) / DAY_US for name in moments}
    measured = {**days, **{name: case.number(name) for name in numbers}}
    names = list(measured)[:MOST]
    for at, first in enumerate(names[:-1]):
        rest = np.stack([measured[name][some] for name in names[at + 1 :]])
        for sign, combine in (("+", np.add), ("-", np.subtract)):
            constants = _constants(combine(measured[first][some], rest))
            for second, constant in zip(names[at + 1 :], constants, strict=True):
                x, y = measured[first], measured[second]
                for value in np.unique(constant[np.isfinite(constant)]):
                    holds = np.abs(combine(x, y) - value) <= EXACT * abs(value)
                    if min(len(np.unique(v[holds])) for v in (x, y)) >= VARIED:
                        said = f"`{first}` {sign} `{second}` is always the same"
                        yield (first, second), _Relation(holds, said)


def _perhaps_equal(case: Case, names: list[str], some: Array) -> Iterator[tuple[str, str]]:
    """Yield the pairs that are equal in the rows `some` `(K, DRAWN)` of one class, and in those of
    another are not; a missing value may be either.
    """
    values, known = (
        [of(name)[some] for name in names]
        for of in (case.frame.__getitem__, lambda name: ~case.is_missing(name))
    )
    for at, first in enumerate(names[:-1]):
        equal = values[at] == np.stack(values[at + 1 :])
        both = known[at] & np.stack(known[at + 1 :])
        is_always, is_never = (
            ((mask & both).sum(axis=2) <= DRAWN - ALIKE).any(axis=1) for mask in (~equal, equal)
        )
        for place in np.flatnonzero(is_always & is_never):
            yield first, names[at + 1 + place]


def _some_of_each(y: Array) -> Array:
    """Return `DRAWN` rows `(K, DRAWN)` of each class of `y` `(N,)` that has as many."""
    classes = (np.flatnonzero(y == code) for code in range(int(y.max()) + 1))
    found = [rows[:: len(rows) // DRAWN][:DRAWN] for rows in classes if len(rows) >= DRAWN]
    return np.array(found, dtype=np.int64).reshape(-1, DRAWN)


def _constants(values: Array) -> Array:
    """Return what values `(P, K, DRAWN)` are in nearly all rows of a class, `(P, K)`.

    NaN where they vary, or are 0.
    """
    middle = np.median(values, axis=2)
    alike = np.abs(values - middle[..., None]) <= EXACT * np.abs(middle[..., None])
    return np.where((alike.sum(axis=2) >= ALIKE) & (middle != 0), middle, np.nan)


def _told(
    case: Case, pair: tuple[str, str], relation: _Relation
) -> tuple[str, dict[str, float]] | None:
    """Return in words which class a relation tells, and the evidence."""
    known = ~case.is_missing(pair[0]) & ~case.is_missing(pair[1])
    holds, y = relation.holds[known], case.y[known]
    if min(holds.sum(), (~holds).sum()) < MIN_ROWS:
        return None
    counts = np.bincount(y)
    # In rows of one class alone, or in all others alone.
    sides = [(mask, int(np.bincount(y[mask]).argmax())) for mask in (holds, ~holds)]
    mask, code = max(sides, key=lambda side: float((side[0] == (y == side[1])).mean()))
    inside = y == code
    agreement = float((mask == inside).mean())
    chance = -log10_arrangements(np.array([inside.sum(), (~inside).sum()]))
    if agreement < NEARLY or chance > SURE or 1 - agreement > 0.1 * counts[code] / len(y):
        return None
    alone = max(_alone(case.frame[name][known], inside) for name in pair)
    if alone >= EXACT_ALONE:
        return None
    label = case.frame[case.problem.target][int((case.y == code).argmax())]
    what = f"`{case.problem.target}` is {label}"
    where = f"where {what} and nowhere else" if mask is holds else f"but where {what}"
    return f"{relation.said} {where}", {
        "rows_looked_at": int(known.sum()),
        "equal_rows": int(holds.sum()),
        "agreement": round(agreement, 6),
        "agreement_alone": round(alone, 4),
        "log10_probability_by_chance": round(float(chance), 1),
    }


def _alone(values: Array, inside: Array) -> float:
    """Return the share of rows whose class one value of a column tells, against all others."""
    found, codes = np.unique(values, return_inverse=True)
    each = np.bincount(codes, inside, minlength=len(found))
    fewer = np.bincount(codes, minlength=len(found)) - each
    best = each.max(initial=0.0) + (~inside).sum() - fewer[each.argmax()]
    return float(best / len(values))


def _finding(pair: tuple[str, str], said: str, evidence: dict[str, float]) -> Finding:
    first, second = pair
    return Finding(
        kind="target.equality",
        severity="warn",
        columns=pair,
        evidence=evidence,
        message=(
            f"{said}, in {evidence['agreement']:.2%} of rows: one of them was written when the "
            "outcome was known, or the target is made from both"
        ),
        remedy=f"problem: {{available_at: {{{first!r}: after, {second!r}: after}}}}, for the one "
        "known only afterwards, or both",
        fix=known_after(pair),
    )
