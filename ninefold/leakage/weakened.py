"""target.weakened: what told the target in each stretch of the past, and nothing of later rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import auc, rank_correlation

ROWS = 20_000
BLOCKS, EARLY, LATER = 8, 5, 2
"""Stretches of the rows before the test part, the first of them that must all show the tie, and
stretches of the test part."""
MIN_INSIDE, MIN_BLOCK = 5, 25
"""Rows of a class, and rows, that a stretch needs."""
STRONG, LEAST = 0.6, 0.4
"""Tie in the middle of the early stretches, and in each: 2 · ROC area − 1, or rank correlation."""
LEFT, MIN_Z = 0.3, 5.0
"""Share of the tie that the latest rows may have, and the z of its fall."""
MOST_CLASSES = 3


class WeakenedCheck(Check):
    """Numbers whose tie to the target was strong in each stretch of time, and is gone at its end.

    What is entered or corrected once the outcome is known tells of old rows, less of later ones,
    and nothing yet of new ones. Ties weaken with time, but hardly one falls to nothing. Of a number
    that is predicted the changes from row to row are compared: trends that went together for long
    may part honestly.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.weakened",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.follows_time:
            return
        case = case.limited(ROWS)
        stretches = _stretches(case)
        if stretches is None:
            return
        for name in case.inputs:
            if case.frame.column(name).kind in ("number", "bool") and name != case.problem.time:
                falls = (_fall(case.number(name), y, *stretches) for y in _targets(case))
                found = next(filter(None, falls), None)
                if found is not None:
                    yield _finding(case, name, found)


@dataclass(frozen=True)
class _Fall:
    """The tie in the early stretches and in the latest one, and the z of their difference."""

    early: float
    later: float
    z: float


def _stretches(case: Case) -> tuple[list[Array], list[Array]] | None:
    """Return the rows of each stretch before the test part and of the test part, in order."""
    ordered = case.order
    old = np.array_split(ordered[~case.test[ordered]], BLOCKS)
    new = np.array_split(ordered[case.test[ordered]], LATER)
    if min(len(rows) for rows in (*old, *new)) < MIN_BLOCK:
        return None
    return old, new


def _targets(case: Case) -> list[Array]:
    """Return the target `(N,)`, or whether it is each of the commonest classes."""
    if not case.is_classification:
        return [case.y]
    common = np.argsort(-np.bincount(case.y), kind="stable")
    if len(common) <= 2:
        return [case.y == common[0]]
    return [case.y == code for code in common[:MOST_CLASSES]]


def _fall(x: Array, y: Array, old: list[Array], new: list[Array]) -> _Fall | None:
    early = np.array([_tie(x[rows], y[rows]) for rows in old[:EARLY]])
    later = np.array([_tie(x[rows], y[rows]) for rows in new])
    if not np.isfinite(early).all() or not np.isfinite(later).all():
        return None
    sign = np.sign(np.median(early))
    # What is filled in when it is filled in fades out: the latest rows have it least.
    middle, least, left = float(np.median(sign * early)), (sign * early).min(), sign * later[-1]
    is_gone = abs(left) <= LEFT * middle and (np.abs(later) <= least).all()
    if middle < STRONG or least < LEAST or not is_gone:
        return None
    error = np.sqrt(early.var(ddof=1) + 1 / len(new[-1]))
    z = (middle - left) / float(error)
    return _Fall(middle, float(left), z) if z >= MIN_Z else None


def _tie(x: Array, y: Array) -> float:
    """Return the tie of `x` to `y` `(B,)` in one stretch; NaN if it cannot be told."""
    known = np.isfinite(x)
    if known.mean() < 0.5:
        return np.nan
    x, y = x[known], y[known]
    if y.dtype == bool:
        if min(y.sum(), (~y).sum()) < MIN_INSIDE:
            return np.nan
        return 2 * auc(x, y)[0] - 1
    x, y = np.diff(x), np.diff(y)
    if np.ptp(y) == 0:
        return np.nan
    return rank_correlation(x, y)[0] if np.ptp(x) > 0 else 0.0


def _finding(case: Case, name: str, found: _Fall) -> Finding:
    return Finding(
        kind="target.weakened",
        severity="warn",
        columns=(name,),
        evidence={
            "tie_in_early_stretches": round(found.early, 3),
            "tie_in_latest_rows": round(found.later, 3),
            "z_of_the_fall": round(found.z, 1),
        },
        message=(
            f"`{name}` told `{case.problem.target}` in every early stretch of time (tie "
            f"{found.early:.2f} of 1) and tells the latest test rows nothing ({found.later:.2f}): "
            "was it entered or corrected once the outcome was known?"
        ),
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
