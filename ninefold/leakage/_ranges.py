"""Ranges of numbers that differ between the parts: cut off, beyond a value, outside, converted."""

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._drift import Drift, conversions, is_large, number_drift
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
BORDER, MIN_BLOCKS, BLOCKS, JUMP, NEAR = 40, 5, 100, 3.0, 1.5
"""Rows on either side of where a test part that follows time begins; blocks of as many before it,
at least and at most; how many times farther than any step between those the jump goes, and how far
what follows may lie from the last block once it is converted."""

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


def converted_from_then_on(case: Case, name: str) -> Shift | None:
    """Find a column that jumps by a conversion between the last rows before test and its first.

    Over months a season or growth moves a column too; not between rows next to each other, unless
    train holds such steps as well.
    """
    if not case.follows_time or case.frame.column(name).kind != "number":
        return None
    values = case.number(name)
    order = case.order[np.isfinite(values)[case.order]]
    train, test = values[order[~case.test[order]]], values[order[case.test[order]]]
    blocks = train[len(train) % BORDER :].reshape(-1, BORDER)[-BLOCKS:]
    if len(blocks) < MIN_BLOCKS or len(test) < BORDER:
        return None
    first = test[:BORDER]
    is_positive = min(blocks.min(), first.min()) > 0
    for unit, converted in filter(lambda one: is_large(one[0]), conversions(first)):
        # A factor is a step of one size on a log scale.
        scale = np.log if is_positive and "°" not in unit else np.asarray
        if _jumps_by(scale(blocks), scale(first), scale(converted)):
            evidence = {
                "median_before": float(np.median(blocks[-1])),
                "median_after": float(np.median(first)),
            }
            what = f"looks converted from the first test rows on: {unit}"
            return Shift("shift.units", "warn", what, evidence)
    return None


def _jumps_by(blocks: Array, first: Array, converted: Array) -> bool:
    """Tell whether rows `(BORDER,)` lie far from the last of the blocks `(B, BORDER)` before them,
    and go on from there once they are `converted`.
    """
    middles = np.median(blocks, axis=1)
    step = float(np.abs(np.diff(middles)).max())
    jump, rest = (abs(float(np.median(x)) - float(middles[-1])) for x in (first, converted))
    if not 0 < JUMP * step < jump or rest > NEAR * step:
        return False
    spread = np.ptp(np.quantile(blocks, (0.25, 0.75), axis=1), axis=0)
    own = float(np.ptp(np.quantile(converted, (0.25, 0.75))))
    return bool(spread.min() / 2 <= own <= 2 * spread.max())
