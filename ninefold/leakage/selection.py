"""preprocessing.selection: features that were picked from many by their tie to all rows' target."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._listed import listed
from ninefold.leakage.case import Case, Check, Finding

MIN_COLUMNS, MIN_ROWS, MIN_TEST = 8, 40, 15
P = 0.055
"""p-value, of a column's tie to the target, up to which it may have been picked."""
OTHERS = 0.3
"""Columns with larger ones, over those with smaller, that may have been added later."""
NARROW, ERROR = np.log(2), 2.2
"""Median of ln(largest p / p) if p is evenly spread below a cut, and its error times √columns."""
MANY = 15
"""Picked columns from which weaker ones may stand beside them."""
APART = 1.5
"""Mean squared correlation of two columns given the target, in units of chance, up to which they
are unrelated."""
LARGEST = 1e50


class SelectionCheck(Check):
    """Columns that are all tied to the target about as weakly, none of them less.

    Picking the best of very many unrelated columns leaves p-values that are spread evenly below a
    cut (a truncated uniform; Ambroise and McLachlan 2002 on what such picking does to scores).
    Columns that measure something have p-values of all sizes, and something in common. In a split
    that the user brings the tie must hold in the test rows too: picked by the train rows alone, it
    would be gone there.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = ("preprocessing.selection",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(20_000)
        names, x = _numbers(case)
        if len(names) < MIN_COLUMNS or len(case) < MIN_ROWS:
            return
        ln_p = _ln_p(x, _coded(case))
        picked = _evenly(ln_p)
        if picked is None or _likeness(x[:, picked], _coded(case)) > APART:
            return
        if _holds_in_test(case, x[:, picked]):
            yield _finding(case, [names[i] for i in picked], ln_p[picked])


def _evenly(ln_p: Array) -> Array | None:
    """Return the columns `(P,)` whose p-values are spread evenly below a cut, if most are so.

    The cut lies at `P` or, where columns were added to many picked ones, at one of the p-values.
    """
    order = np.argsort(ln_p, kind="stable")
    most = int((ln_p <= np.log(P)).sum())
    least = max(MIN_COLUMNS, int(np.ceil(len(ln_p) / (1 + OTHERS))))
    for count in range(most, least - 1, -1):
        if count < most and count < MANY:
            return None
        spread = ln_p[order[count - 1]] - ln_p[order[:count]]
        if np.median(spread) <= NARROW + ERROR / np.sqrt(count):
            return np.sort(order[:count])
    return None


def _numbers(case: Case) -> tuple[list[str], Array]:
    """Return the raw numbers with more than two values as `(N, F)`, gaps at their mean."""
    names, columns = [], []
    for name in case.inputs:
        if case.frame.column(name).kind != "number" or case.codes[name].max() < 2:
            continue
        values = np.where(np.abs(case.number(name)) < LARGEST, case.number(name), np.nan)
        known = np.isfinite(values)
        if known.mean() > 0.5 and np.ptp(values[known]) > 0:
            names.append(name)
            columns.append(np.where(known, values, values[known].mean()))
    return names, np.column_stack(columns) if columns else np.empty((len(case), 0))


def _coded(case: Case) -> Array:
    """Return the target as centred columns `(N, K)`: itself, or each class but one."""
    if not case.is_classification:
        y = np.clip(np.nan_to_num(case.y), -LARGEST, LARGEST)[:, None]
    else:
        codes = np.unique(case.y, return_inverse=True)[1]
        y = (codes[:, None] == np.arange(1, codes.max() + 1)).astype(np.float64)
    return np.asarray(y - y.mean(axis=0))


def _ln_p(x: Array, y: Array) -> Array:
    """Return ln of the p-values `(F,)` of the F test of each column on the target."""
    from scipy.stats import f

    basis = np.linalg.qr(y)[0]
    z = x - x.mean(axis=0)
    told = ((basis.T @ z) ** 2).sum(axis=0) / np.maximum((z**2).sum(axis=0), 1e-300)
    freedom = len(x) - y.shape[1] - 1
    if freedom < 10:
        return np.zeros(x.shape[1])
    ratio = told / np.maximum(1 - told, 1e-12) * freedom / y.shape[1]
    return np.asarray(f.logsf(ratio, y.shape[1], freedom))


def _likeness(x: Array, y: Array) -> float:
    """Return the mean squared correlation of two columns given the target times the rows.

    1 if they are unrelated.
    """
    basis, z = np.linalg.qr(y)[0], x - x.mean(axis=0)
    left = z - basis @ (basis.T @ z)
    if (left.std(axis=0) <= 1e-9 * z.std(axis=0)).any():
        return np.inf
    r = np.corrcoef(left, rowvar=False)
    return float((r[np.triu_indices(len(r), 1)] ** 2).mean() * len(x))


def _holds_in_test(case: Case, x: Array) -> bool:
    """Tell whether the test rows show the tie that the others have, if the split was brought."""
    if case.split_kind != "given":
        return True
    test = case.test
    if test.sum() < MIN_TEST:
        return False
    y, share = _coded(case), float(test.mean())
    tie = [_along(x[:, k], y, ~test, test) for k in range(x.shape[1])]
    expected = [_along(x[:, k], y, ~test, np.ones_like(test)) for k in range(x.shape[1])]
    return bool(np.mean(tie) > 0.5 * np.sqrt(share) * np.mean(expected))


def _along(x: Array, y: Array, learned: Array, told: Array) -> float:
    """Return √n times the correlation at rows `told` with what `learned` rows predict."""
    weights = np.linalg.lstsq(y[learned], x[learned] - x[learned].mean(), rcond=None)[0]
    line, values = y[told] @ weights, x[told]
    if np.ptp(line) == 0 or np.ptp(values) == 0:
        return 0.0
    return float(np.corrcoef(line, values)[0, 1] * np.sqrt(told.sum()))


def _finding(case: Case, names: list[str], ln_p: Array) -> Finding:
    return Finding(
        kind="preprocessing.selection",
        severity="warn",
        columns=tuple(names),
        evidence={
            "columns": len(names),
            "smallest_p": float(f"{np.exp(ln_p.min()):.3g}"),
            "median_p": float(f"{np.exp(np.median(ln_p)):.3g}"),
            "largest_p": float(f"{np.exp(ln_p.max()):.3g}"),
            "rows_looked_at": len(case),
        },
        message=(
            f"{listed(names)} are unrelated to each other and all tied to `{case.problem.target}` "
            f"about as weakly, none less: {len(names)} p-values below {np.exp(ln_p.max()):.2g}, "
            "spread evenly, are what picking the best of very many columns leaves. If the test "
            "rows had a say in it, the score is too good"
        ),
        remedy="give all columns that were picked from, or pick by the train rows only",
    )
