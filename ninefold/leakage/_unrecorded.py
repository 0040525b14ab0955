"""Columns that one part lacks: filtered away, or recorded only up to some day."""

from ninefold.columns import Array
from ninefold.leakage._drift import level_drift
from ninefold.leakage._ranges import MIN_ROWS, Shift
from ninefold.leakage.case import Case, Severity

NEAREST, MOSTLY = 0.05, 0.9
"""Share of the rows of other parts, those next in time, and share of gaps in them, from which
a column's gaps begin or end elsewhere than where the parts meet."""
ONE_PART = 0.2
"""Share of missing values in one part, with none in the other, that is a break."""


def unrecorded(case: Case, name: str, mixed: bool) -> Shift | None:
    """Return that a column is missing in one part, or far oftener, if it is."""
    gap = case.is_missing(name)
    train, test = float(gap[case.train].mean()), float(gap[case.test].mean())
    evidence = {"missing_in_train": round(train, 6), "missing_in_test": round(test, 6)}
    low, high = sorted((train, test))
    if high == 1 and low < 0.9:
        where = "train" if train == 1 else "test"
        severity: Severity = "info" if _ends_elsewhere(case, gap, where) else "warn"
        return Shift("shift.missing", severity, f"is missing in every {where} row", evidence)
    drift = level_drift(gap[case.train].astype(int), gap[case.test].astype(int), len(case.inputs))
    if mixed and drift.log10_p < -10 and ((low == 0 and high >= ONE_PART) or high - low > 0.4):
        what = f"is missing in {test:.0%} of the test rows and {train:.0%} of the train rows"
        return Shift("shift.missing", "warn", what, evidence)
    return None


def _ends_elsewhere(case: Case, gap: Array, where: str) -> bool:
    """Tell whether gaps `(N,)` begin or end some time before or after test begins.

    What was recorded up to some day, or from then on, has nothing to do with the split.
    """
    if not case.follows_time:
        return False
    rows = case.order[~(case.test if where == "test" else case.train)[case.order]]
    count = max(MIN_ROWS, int(NEAREST * len(rows)))
    nearest = rows[-count:] if where == "test" else rows[:count]
    return bool(gap[nearest].mean() >= MOSTLY)
