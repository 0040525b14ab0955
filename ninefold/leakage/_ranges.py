"""Ranges of numbers that differ between the parts: cut off, beyond a value, far outside."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ninefold.leakage._drift import Drift, number_drift
from ninefold.leakage.case import Case, Severity
from ninefold.leakage.chance import log10_excess

MIN_ROWS = 30
"""Rows with a value in each part below which nothing is said of a column."""
CUT = 0.2
"""Share of the train rows outside the range of the test rows, from which a filter shows."""
DISTINCT, FRACTIONS = 20, 5
"""Values that a column has at least in each part, to measure something: whole ones, or fractions,
which number no site or period."""
UNLIKELY, OUTSIDE = -6.0, 0.03
"""log10 of the chance that a split by lot puts so many odd rows into test, and least share."""

PLACE = re.compile(
    r"(?:^|[\W_])(?:id|nr|no|number|year|month|week|day|date|time|fold|site|wave|round|period|t)"
    r"(?:$|[\W_\d])|year|date",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Shift:
    """How a column of the test part differs from train: its finding, and what shows it."""

    kind: str
    severity: Severity
    what: str
    evidence: dict[str, Any] = field(default_factory=dict)


def places(case: Case, name: str) -> bool:
    """Tell whether a column dates or numbers the rows: a split may well go by it."""
    kind, values = case.frame.column(name).kind, case.number(name)
    known = values[np.isfinite(values)]
    is_whole = bool((known == np.round(known)).all())
    if kind == "datetime" or (PLACE.search(name) and (is_whole or kind != "number")):
        return True
    return (
        is_whole and len(known) == len(case) and len(np.unique(case.codes[name])) > 0.99 * len(case)
    )


def cut(case: Case, drifts: dict[str, Drift]) -> dict[str, Shift]:
    """Return the one column whose values the test part was filtered by, if it is one."""
    found = {name: _filtered(case, name, drift) for name, drift in drifts.items()}
    kept = {name: item for name, item in found.items() if item is not None}
    return kept if len(kept) == 1 else {}


def _filtered(case: Case, name: str, drift: Drift) -> Shift | None:
    """Find a test part that is train cut off at a value: the same within its range, none outside.

    Drift along time or between sites moves a distribution; only a filter cuts it.
    """
    if case.frame.column(name).kind != "number" or drift.log10_p > -8:
        return None
    values = case.number(name)
    known = np.isfinite(values)
    train, test = values[case.train & known], values[case.test & known]
    if len(np.unique(test)) < 20:
        return None
    low, high = test.min(), test.max()
    inside = (train >= low) & (train <= high)
    outside = 1 - float(inside.mean())
    if outside < CUT or places(case, name):
        return None
    within = number_drift(train[inside], test, 1)
    if len(test) < 40 or inside.sum() < MIN_ROWS or within.log10_p < -2:
        return None
    evidence = {
        "share_of_train_outside": round(outside, 6),
        "lowest_in_test": float(low),
        "highest_in_test": float(high),
        **drift.evidence,
    }
    what = (
        f"is cut off in test: {outside:.0%} of the train rows lie outside its range there, and "
        "within it both are alike; the score holds for such rows only"
    )
    return Shift("shift.support", "warn", what, evidence)


def beyond(case: Case, drifts: dict[str, Drift]) -> dict[str, Shift]:
    """Return the measured columns by a value of which the parts were told apart.

    Few values, dates and numbers of rows may stand for a site or a time: a split may go by them.
    """
    found = {}
    for name, drift in drifts.items():
        measures = case.frame.column(name).kind == "number" and not places(case, name)
        if not drift.is_apart or drift.unit is not None or not measures:
            continue
        values = case.number(name)
        known = np.isfinite(values)
        test, train = (np.unique(values[known & mask]) for mask in (case.test, case.train))
        is_code = bool((test == np.round(test)).all() and (train == np.round(train)).all())
        least = DISTINCT if is_code else FRACTIONS
        if min(len(test), len(train)) < least or drift.log10_p > -8:
            continue
        where = "above" if test[0] > train[-1] else "below"
        what = (
            f"is {where} every train value in all test rows: the parts were made by it, and the "
            "score is one of extrapolation"
        )
        found[name] = Shift("shift.support", "warn", what, drift.evidence)
    return found


def outside(case: Case, name: str, mixed: bool) -> Shift | None:
    """Find test rows far outside of what train shows, as if written in other units.

    Of rows dealt by lot the most extreme ones are not all in test (hypergeometric).
    """
    if not mixed or case.frame.column(name).kind != "number" or places(case, name):
        return None
    values = case.number(name)
    known = np.isfinite(values)
    train, test = values[case.train & known], values[case.test & known]
    if min(len(train), len(test)) < MIN_ROWS:
        return None
    low, high = train.min(), train.max()
    far = np.maximum(test - high, low - test) > high - low
    chance = log10_excess(int(far.sum()), len(test), 0, len(train)) if far.any() else 0.0
    if high == low or chance > UNLIKELY or far.mean() < OUTSIDE:
        return None
    evidence = {
        "share_of_test_outside": round(float(far.mean()), 6),
        "lowest_in_train": float(low),
        "highest_in_train": float(high),
        "median_outside": float(np.median(test[far])),
        "log10_p": round(chance, 1),
    }
    what = (
        f"lies in {far.mean():.0%} of the test rows farther outside of what train shows than that "
        "is wide: other units, or another thing"
    )
    return Shift("shift.units", "warn", what, evidence)
