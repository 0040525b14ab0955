"""missing.together: gaps of several columns that tell the target together, as none does alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._left_open import shared
from ninefold.leakage._listed import listed
from ninefold.leakage._scores import either_area
from ninefold.leakage._strongest import MIN_AREA
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import auc
from ninefold.leakage.power import View
from ninefold.leakage.telling import SURE_AREA, TESTED_AREA, WEAK_Z

MIN_ROWS, MIN_GAPS, SHARES = 200, 3, (0.02, 0.98)
"""Rows and columns with gaps that are needed, and the shares of gaps that say something."""
CLEAR_Z, MORE = 4.0, 0.03
"""z of a column's gaps under chance to count, and how much more all must tell than the best."""
MOST_CLASSES = 5


class GapPatternCheck(Check):
    """How many of a row's columns are filled in, where that tells a class and nothing else does.

    Answers that are asked for, or written down, once the outcome is known are missing oftener in
    the other rows, each only somewhat so. Forms that some people leave open honestly go with what
    else is known of them: once the target is given, these gaps are tied to no other column.
    """

    family: ClassVar[str] = "missing"
    kinds: ClassVar[tuple[str, ...]] = ("missing.together",)

    def findings(self, case: Case) -> Iterator[Finding]:
        looked_at = case.power.case
        if not case.is_classification or len(looked_at) < MIN_ROWS:
            return
        gaps = _gaps(looked_at)
        if len(gaps) < MIN_GAPS:
            return
        for code in _classes(case, gaps):
            found = _told(case, gaps, code)
            if found is not None:
                yield _finding(case, found)
                return


@dataclass(frozen=True)
class _Told:
    """Columns whose gaps tell class `code`, and how well: together, the best one, all else."""

    names: tuple[str, ...]
    code: int
    area: float
    single: float
    rest: float
    z: float


def _gaps(case: Case) -> dict[str, Array]:
    """Return the masks `(N,)` of missing values of columns with some, each mask once."""
    found: dict[bytes, tuple[str, Array]] = {}
    for name in case.inputs:
        mask = case.is_missing(name)
        if SHARES[0] <= mask.mean() <= SHARES[1]:
            found.setdefault(np.packbits(mask).tobytes(), (name, mask))
    return dict(found.values())


def _classes(case: Case, gaps: dict[str, Array]) -> list[int]:
    """Return the classes whose rows have gaps oftener or more seldom than all others, the first the
    one that this holds for most surely; of two classes, one says it all.
    """
    inside = np.bincount(case.power.y).astype(np.float64)
    masks = np.column_stack(list(gaps.values())).astype(np.float64)
    share = masks.mean(axis=0)
    held = np.column_stack([np.bincount(case.power.y, mask) for mask in masks.T])
    chance = np.maximum(inside * (1 - inside / inside.sum()), 1)[:, None] * share * (1 - share)
    z = np.abs(held - inside[:, None] * share) / np.sqrt(chance)
    surest = np.argsort(-z.sum(axis=1), kind="stable")[:MOST_CLASSES]
    return [int(code) for code in (surest if case.power.classes > 2 else surest[:1])]


def _told(case: Case, gaps: dict[str, Array], code: int) -> _Told | None:
    power = case.power
    positive = power.y == code
    z = {name: auc(mask.astype(np.float64), positive)[1] for name, mask in gaps.items()}
    names = tuple(name for name in gaps if abs(z[name]) >= CLEAR_Z)
    if len(names) < MIN_GAPS:
        return None
    count = np.sum([np.sign(z[name]) * gaps[name] for name in names], axis=0)
    area = either_area(count, positive)
    single = max(either_area(gaps[name].astype(np.float64), positive) for name in names)
    if area < max(MIN_AREA, single + MORE):
        return None
    view = View(names[0], "gap", count.astype(np.int64), count)
    tied = shared(power, view, set(names), code)[1]
    if tied >= WEAK_Z:
        return None
    rest = power.together(set(names), code)
    if rest < TESTED_AREA and area < SURE_AREA:
        return None
    return _Told(names, code, area, single, rest, tied)


def _finding(case: Case, found: _Told) -> Finding:
    listing = ", ".join(f"{name!r}: after" for name in found.names)
    return Finding(
        kind="missing.together",
        severity="warn",
        columns=found.names,
        evidence={
            "rows_looked_at": len(case.power.case),
            "roc_auc_together": round(found.area, 4),
            "roc_auc_of_the_best_alone": round(found.single, 4),
            "roc_auc_of_all_others": round(found.rest, 4),
            "z_of_tie_to_others": round(found.z, 1),
        },
        message=(
            f"how many of {listed(found.names)} are filled in tells `{case.problem.target}` "
            f"(ROC area {found.area:.3f}; the gaps of one alone at most {found.single:.3f}, all "
            f"other columns {found.rest:.3f}), and given the target it is tied to no other column. "
            "Are they filled in before the outcome?"
        ),
        remedy=f"problem: {{available_at: {{{listing}}}}}, for those filled in only afterwards",
        fix=known_after(found.names),
    )
