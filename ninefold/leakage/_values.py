"""Values of one column that stand in one part only, or are written there with other decimals."""

import numpy as np

from ninefold.leakage._drift import level_drift
from ninefold.leakage._ranges import MIN_ROWS, Shift, places
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess

SPIKE, CERTAIN = 0.02, -12.0
"""Share of a part's rows that one number the other part lacks must have, and log10 of the chance
that rows dealt by lot put all of them there."""
TIMES = 5.0
"""Times the commonest number of the other part that it must stand there, in shares."""
DIGITS, WRITTEN, UNLIKELY = 6, 0.8, -10.0
"""Decimals told apart, difference in their shares, and log10 of its chance, from which a part was
written by another hand: synthetic rows in train are some of it, not all."""
GAPS = 0.5
"""Difference in missing values, in shares of the rows with the number, from which it stands for
them; else it must lie outside of what the other part shows, as hardly any value of an entity."""


def spike(case: Case, name: str) -> Shift | None:
    """Find one number that many rows of a part have and none of the other: a code for gaps."""
    if case.frame.column(name).kind != "number" or places(case, name):
        return None
    values, gap = case.number(name), case.is_missing(name)
    for mine, theirs, where, other in (
        (case.test, case.train, "test", "train"),
        (case.train, case.test, "train", "test"),
    ):
        here, there = values[mine & ~gap], values[theirs & ~gap]
        if min(len(here), len(there)) < MIN_ROWS or len(np.unique(there)) < MIN_ROWS:
            continue
        known, count = np.unique(here, return_counts=True)
        new = ~np.isin(known, there)
        at = int(np.where(new, count, 0).argmax())
        share = count[at] / len(here)
        usual = np.unique(there, return_counts=True)[1].max() / len(there)
        if not new[at] or share < max(SPIKE, TIMES * usual):
            continue
        more_gaps = float(gap[theirs].mean() - gap[mine].mean())
        if there.min() <= known[at] <= there.max() and more_gaps < GAPS * share:
            continue
        chance = log10_excess(int(count[at]), len(here), 0, len(there)) + np.log10(len(known))
        if chance <= CERTAIN:
            evidence = {
                "value": float(known[at]),
                f"share_of_{where}": round(float(share), 6),
                "log10_probability_by_chance": round(float(chance), 1),
                "missing_in_train": round(float(gap[case.train].mean()), 6),
                "missing_in_test": round(float(gap[case.test].mean()), 6),
            }
            what = f"is {known[at]:g} in {share:.0%} of the {where} rows and in no {other} row"
            return Shift("shift.constant", "warn", what, evidence)
    return None


def written_otherwise(case: Case, name: str) -> Shift | None:
    """Find numbers that one part writes with more decimals than the other."""
    if case.frame.column(name).kind != "number":
        return None
    values = case.number(name)
    known = np.isfinite(values)
    if not known.any() or (values[known] == np.round(values[known])).all():
        return None
    code = np.full(len(values), DIGITS)
    for digits in range(DIGITS - 1, -1, -1):
        near = np.abs(values - np.round(values, digits)) <= 1e-9 * np.maximum(1, np.abs(values))
        code[near] = digits
    train, test = code[case.train & known], code[case.test & known]
    if min(len(train), len(test)) < MIN_ROWS:
        return None
    drift = level_drift(train, test, len(case.inputs))
    if drift.effect < WRITTEN or drift.log10_p > UNLIKELY:
        return None
    evidence = {
        "mean_decimals_in_train": round(float(train.mean()), 2),
        "mean_decimals_in_test": round(float(test.mean()), 2),
        **drift.evidence,
    }
    what = "is written with other decimals in test: rounded, or from another source"
    return Shift("shift.units", "warn", what, evidence)
