"""target.equality: whether two columns hold the same value tells the target."""

from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_arrangements

ROWS, MOST = 4000, 40
"""Rows looked at, and columns of one kind that are paired."""
MIN_ROWS = 20
"""Rows in which the two must be equal, and in which they must differ."""
NEARLY, EXACT_ALONE = 0.995, 0.995
"""Share of rows in which equality goes with one class, and a single value of either column does."""
MAX_CLASSES = 12


class EqualColumnsCheck(Check):
    """Pairs of columns that are equal in the rows of one class and in no others.

    The time a case was followed for and the time to the event are equal where the event never came;
    the ordered and the delivered amount where nothing was sent back. One of the two was written
    when the outcome was known, or the target is made from both.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.equality",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.is_classification or case.y.max() >= MAX_CLASSES:
            return
        case = case.limited(ROWS)
        seen: set[str] = set()
        for columns in _kinds(case):
            for pair in combinations(columns, 2):
                found = _told(case, pair, columns)
                if found is not None and not seen & set(pair):
                    seen |= set(pair)
                    yield _finding(case, pair, *found)


def _kinds(case: Case) -> Iterator[dict[str, Array]]:
    """Yield the columns `(N,)` that can be compared with each other: numbers, moments, words."""
    for kinds in (("number",), ("datetime",), ("category", "text")):
        names = [n for n in case.inputs if case.frame.column(n).kind in kinds]
        yield {name: case.frame[name] for name in names[:MOST]}


def _told(
    case: Case, pair: tuple[str, str], columns: dict[str, Array]
) -> tuple[int, dict[str, float]] | None:
    """Return the class that equality tells, and the evidence."""
    known = ~case.is_missing(pair[0]) & ~case.is_missing(pair[1])
    equal, y = (columns[pair[0]] == columns[pair[1]])[known], case.y[known]
    if min(equal.sum(), (~equal).sum()) < MIN_ROWS:
        return None
    counts = np.bincount(y)
    code = int(np.bincount(y[equal]).argmax())
    inside = y == code
    agreement = float((equal == inside).mean())
    chance = -log10_arrangements(np.array([inside.sum(), (~inside).sum()]))
    if agreement < NEARLY or chance > SURE or 1 - agreement > 0.1 * counts[code] / len(y):
        return None
    alone = max(_alone(columns[name][known], inside) for name in pair)
    if alone >= EXACT_ALONE:
        return None
    return code, {
        "rows_looked_at": int(known.sum()),
        "equal_rows": int(equal.sum()),
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


def _finding(case: Case, pair: tuple[str, str], code: int, evidence: dict[str, float]) -> Finding:
    first, second = pair
    row = int((case.y == code).argmax())
    said = case.frame[case.problem.target][row]
    return Finding(
        kind="target.equality",
        severity="warn",
        columns=pair,
        evidence=evidence,
        message=(
            f"`{first}` equals `{second}` where `{case.problem.target}` is {said} and nowhere "
            f"else, in {evidence['agreement']:.2%} of rows: one of them was written when the "
            "outcome was known, or the target is made from both"
        ),
        remedy=f"problem: {{available_at: {{{first!r}: after, {second!r}: after}}}}, for the one "
        "known only afterwards, or both",
        fix=known_after(pair),
    )
