"""rows.repeated_text: long texts that stand in several rows, whatever else these hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._spelling import WORD
from ninefold.leakage.case import Case, Check, Finding

ROWS, LONG = 200_000, 12
"""Rows looked at, and words from which nobody writes the same text again by chance."""
MIN_ROWS, MIN_SHARE, MOST = 8, 0.015, 0.6
"""Rows that repeat a text, their share of the rows at least, and at most: forms and product texts
are most of a table."""
AGREE, NEAR = 0.9, 0.1
"""Share of repeats that bear the class of their text, or the distance of numbers in deviations."""


class RepeatedTextsCheck(Check):
    """Long texts that are not written anew for each row, and bear the same target each time.

    Ninefold's split keeps rows together that are equal in every feature; test then counts one text
    several times. Rows that differ in a number or a date beside the text it takes for different
    ones: then the model has learned texts of test by heart. Forms and headings that many rows
    share bear any target.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.repeated_text",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        for name in case.inputs:
            if case.frame.column(name).kind in ("category", "text"):
                found = _found(case, name)
                if found is not None:
                    yield _finding(case, name, found)


@dataclass(frozen=True)
class _Repeats:
    """Mask `(N,)` of test rows whose text stands elsewhere too, and in learned rows; counts."""

    test: Array
    learned: Array
    repeats: int
    agreement: float


def _found(case: Case, name: str) -> _Repeats | None:
    codes = case.spoken[name]
    size = np.bincount(codes)
    twice = size[codes] > 1
    repeats = int(twice.sum() - (size > 1).sum())
    if repeats < max(MIN_ROWS, MIN_SHARE * len(case)) or repeats > MOST * len(case):
        return None
    rows = np.flatnonzero(twice)
    kept, first = np.unique(codes[rows], return_index=True)
    length = [len(WORD.findall(str(case.frame[name][row]))) for row in rows[first]]
    rows = rows[np.isin(codes[rows], kept[np.array(length) >= LONG])]
    count = len(rows) - len(np.unique(codes[rows]))
    if count < max(MIN_ROWS, MIN_SHARE * len(case)):
        return None
    agreement = _agreement(case, codes[rows], rows)
    mask = np.zeros(len(case), dtype=bool)
    mask[rows] = True
    test = mask & case.test
    learned = test & np.isin(codes, codes[mask & ~case.test])
    return _Repeats(test, learned, count, agreement) if agreement >= AGREE and test.any() else None


def _agreement(case: Case, codes: Array, rows: Array) -> float:
    """Return the share of rows that bear the target of the first row with their text."""
    order = np.lexsort((rows, codes))
    begins = np.append(True, codes[order][1:] != codes[order][:-1])
    first = rows[order][np.flatnonzero(begins)[np.cumsum(begins) - 1]][~begins]
    others = rows[order][~begins]
    if case.is_classification:
        return float((case.y[first] == case.y[others]).mean())
    return float((np.abs(case.y[first] - case.y[others]) <= NEAR * np.std(case.y)).mean())


def _finding(case: Case, name: str, found: _Repeats) -> Finding:
    across, inside = int(found.learned.sum()), int(found.test.sum())
    where = (
        f"{across} test rows hold a text of train or valid: the model is measured on what it has "
        "learned by heart"
        if across
        else "the split kept them on one side, but test counts one text more than once"
    )
    return Finding(
        kind="rows.repeated_text",
        severity="warn",
        columns=(name,),
        rows=case.source_rows(found.learned if across else found.test),
        evidence={
            "repeats": found.repeats,
            "share_of_rows": round(found.repeats / len(case), 6),
            "test_rows_with_a_repeated_text": inside,
            "test_rows_with_a_learned_text": across,
            "share_with_the_same_target": round(found.agreement, 4),
            "rows_looked_at": len(case),
        },
        message=(
            f"{found.repeats} rows repeat a long text of `{name}` and nearly always its "
            f"`{case.problem.target}`: nobody writes so many words twice, they are copies; {where}"
        ),
        remedy="drop the copies from the source, or name what tells which texts belong together "
        "in problem.group",
    )
