"""Features that count the rows of their category, over all parts."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Finding
from ninefold.leakage.chance import SURE

MIN_LEVELS = 12
"""Different shares from which a column can be told for one of shares, its category being gone."""
WHOLE = 0.02
"""Rows up to which a share must be a whole number of them."""


def frequency(case: Case, name: str, sizes: dict[str, Array]) -> Finding | None:
    """Find a feature that counts the rows of its category over all parts: one of `sizes` `(N,)`."""
    x = case.frame[name]
    if not np.isfinite(x).all() or x.min() <= 0 or len(np.unique(x[:2000])) < 3:
        return None
    is_share = bool(x.max() < 1)
    for other, size in sizes.items():
        expected = size / len(case) if is_share else size
        near = max(0.51 * resolution(x), 1e-9) if is_share else 0.0
        if len(np.unique(size)) < 3 or not (np.abs(x - expected) <= near).all():
            continue
        if near > 0.05 * float(expected.std()):
            continue
        return _finding(case, name, other, is_share)
    return None


def own_frequency(case: Case, name: str) -> Finding | None:
    """Find shares of the rows in a column whose category is gone: each counts its own rows.

    Of all rows: every value is a whole number of rows, and as many rows hold it, or several times
    as many, where categories were equally frequent.
    """
    x = case.frame[name]
    if not np.isfinite(x).all() or x.min() <= 0 or x.max() >= 1:
        return None
    values, held = np.unique(x, return_counts=True)
    if len(values) < MIN_LEVELS or resolution(x) * len(case) > WHOLE:
        return None
    counted = values * len(case)
    rows = np.round(counted)
    if (rows < 1).any() or np.abs(counted - rows).max() > WHOLE or (held % rows != 0).any():
        return None
    chance = -np.log10(np.maximum(rows, 1)).sum() + len(values) * np.log10(2 * WHOLE)
    return _finding(case, name, name, True) if chance <= SURE else None


def _finding(case: Case, name: str, other: str, is_share: bool) -> Finding:
    what = "share" if is_share else "number"
    return Finding(
        kind="encoding.frequency",
        severity="warn" if is_share else "info",
        columns=(name,),
        evidence={"group": other, "rows": len(case)},
        message=(
            f"`{name}` is the {what} of rows with the same `{other}`, counted over train and test "
            "together: a served model has no such table to count in"
        ),
        remedy=f"drop `{name}`: ingest: {{drop: [{name!r}]}}",
    )
