"""preprocessing: numbers that were scaled, filled in or rotated by what all rows hold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._fills import SMALL_SPIKE, SPIKE, agrees, is_mean, is_median
from ninefold.leakage._listed import listed
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case, Check, Finding, Severity

MIN_ROWS = 30
MIN_DISTINCT = 5
CHANCE = -5.0
"""log10 of the chance that a column meets a fitted statistic this exactly, all columns counted."""
EXACT = 1e-6
"""Deviation, in standard deviations, that rounding of floats explains."""
FINE = 1e-3
"""Grid up to which a column of deviations looks computed."""
CANDIDATES = 5
"""Most frequent values that may have been filled in."""
ENDS = ((0.0, 1.0), (-1.0, 1.0), (-5.199337582605575, 5.199337582605575))
"""What scalers bring columns to; the last is where scikit-learn's QuantileTransformer cuts the
normal distribution."""


class PreprocessingCheck(Check):
    """Columns that bear the exact fingerprint of a statistic fitted on train and test together.

    Mean 0 and deviation 1, median 0 and quartiles 1 apart, least 0 and greatest 1, columns without
    any correlation, a filled-in value that is the mean of the others: over all rows to the last
    digit, over the train rows not.
    One scaled column among several others may be an index that was published so: an info. Such
    peeking hardly moves a score (scaling: under .005 in ROC area), so it never blocks.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = (
        "preprocessing.scaling",
        "preprocessing.imputation",
        "preprocessing.rotation",
        "preprocessing.ranks",
    )
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        columns = [c for name in case.inputs if (c := _column(case, name)) is not None]
        rotated = _rotated(case, columns)
        if rotated:
            yield _finding(
                case, "rotation", rotated, "have no correlation at all, as PCA leaves it"
            )
        taken = set(rotated)
        kinds = (
            ("scaling", _standardised, "have mean 0 and standard deviation 1 exactly"),
            ("scaling", _centred, "have median 0 and quartiles 1 apart exactly"),
            ("ranks", _ranked, "are ranks, counted"),
            (
                "scaling",
                _min_max,
                "reach from exactly one end of a scale to the other (0 to 1, -1 to 1)",
            ),
        )
        for kind, test, what in kinds:
            names = tuple(n for n in test(case, columns) if n not in taken)
            taken |= set(names)
            if names:
                alone = len(names) == 1 and len(columns) > 2
                yield _finding(case, kind, names, what, "info" if alone else "warn")
        filled = _imputed(case, columns)
        if filled:
            what = "hold one value again and again that is the average of their other values"
            yield _finding(case, "imputation", filled, what)


@dataclass(frozen=True)
class _Column:
    """A numeric feature: name, values `(N,)`, mask of those present, grid step, distinct values."""

    name: str
    x: Array
    present: Array
    step: float
    distinct: int


def _column(case: Case, name: str) -> _Column | None:
    if case.frame.column(name).kind != "number":
        return None
    x = case.frame[name]
    present = np.isfinite(x)
    known = x[present]
    if len(known) < MIN_ROWS or np.ptp(known) == 0:
        return None
    distinct = int(case.codes[name].max()) + 1
    return _Column(name, x, present, resolution(known), distinct) if distinct >= 3 else None


def _is_honest(case: Case, matches_train: bool) -> bool:
    """Tell whether a statistic that all rows meet is also that of the train part alone."""
    return case.split_kind == "given" and matches_train


def _masks(case: Case, column: _Column) -> tuple[Array, Array]:
    """Return the values of the train rows, and of those that a user could call train."""
    return column.x[column.present & case.train], column.x[column.present & ~case.test]


def _log10_standard(x: Array, column: _Column) -> float:
    """Return log10 of the chance to come as near to mean 0 and deviation 1; 0 if it does not.

    As near as the rounding of so many distinct values allows.
    """
    n = len(x)
    if n < MIN_ROWS:
        return 0.0
    near = max(5 * column.step / np.sqrt(12 * min(n, column.distinct)), EXACT)
    mean, deviation = abs(float(x.mean())), float(x.std())
    off = min(abs(deviation - 1), abs(deviation * np.sqrt(n / (n - 1)) - 1))
    if mean > near or off > near:
        return 0.0
    return float(np.log10(min(1.0, near * np.sqrt(n))) + np.log10(min(1.0, near * np.sqrt(2 * n))))


def _standardised(case: Case, columns: list[_Column]) -> list[str]:
    found, chances = [], []
    for column in columns:
        chance = _log10_standard(column.x[column.present], column)
        if chance == 0.0 or column.distinct < MIN_DISTINCT:
            continue
        parts = _masks(case, column)
        if _is_honest(case, any(_log10_standard(p, column) < 0 for p in parts)):
            continue
        found.append(column.name)
        chances.append(chance)
    enough = sum(chances) + np.log10(max(1, len(columns))) <= CHANCE
    return found if enough else []


def _centred(case: Case, columns: list[_Column]) -> list[str]:
    """Find columns whose median is 0 and whose quartiles are 1 apart, as no measure's happen to."""
    found = []
    for column in columns:
        if column.step > FINE or column.distinct < 20:
            continue
        near = max(column.step, EXACT)
        if _is_centred(column.x[column.present], near):
            parts = _masks(case, column)
            if not _is_honest(case, any(_is_centred(part, near) for part in parts)):
                found.append(column.name)
    return found


def _is_centred(x: Array, near: float) -> bool:
    if len(x) < MIN_ROWS:
        return False
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    return bool(abs(middle) <= near and abs(high - low - 1) <= 2 * near)


def _min_max(case: Case, columns: list[_Column]) -> list[str]:
    """Find columns from 0 to 1, each end met once: one alone may be a share, so several count."""
    fine = [c for c in columns if c.step <= 1e-5 and c.distinct >= 20]
    found, only_test = [], 0
    for column in fine:
        x = column.x[column.present]
        if not any(np.allclose(_span(x), ends, rtol=0, atol=1e-9) for ends in ENDS):
            continue
        ends = (x == x.min()).sum() + (x == x.max()).sum()
        if ends > max(4, 0.02 * len(x)) and not _is_one_grid(x):
            continue
        if any(_is_circle(column, other) for other in fine):
            continue
        found.append(column.name)
        only_test += all(_is_inside(p, _span(x)) for p in _masks(case, column))
    if len(found) < 2 or len(found) < 0.6 * len(fine):
        return []
    if case.split_kind == "given":
        wanted = case.test.mean() * len(found) / 2
        return found if only_test >= max(1, wanted) else []
    return found


def _is_circle(column: _Column, other: _Column) -> bool:
    """Tell whether two columns are sine and cosine of an angle, as of a day in the year."""
    both = column.present & other.present
    near = 4 * max(column.step, other.step, EXACT)
    size = column.x[both] ** 2 + other.x[both] ** 2
    return column is not other and len(size) > 0 and bool(np.abs(size - 1).max() <= near)


def _span(x: Array) -> tuple[float, float]:
    return float(x.min()), float(x.max())


def _is_inside(x: Array, ends: tuple[float, float]) -> bool:
    """Tell whether a part's values leave out at least one of the two ends."""
    return len(x) > 0 and not np.allclose(_span(x), ends, rtol=0, atol=1e-9)


def _is_one_grid(x: Array) -> bool:
    """Tell whether values are whole numbers divided by one number: scaled counts."""
    distinct = np.unique(x)
    step = float(np.diff(distinct).min())
    return step > 1e-4 and bool(np.abs(distinct / step - np.round(distinct / step)).max() < 1e-3)


def _ranked(case: Case, columns: list[_Column]) -> list[str]:
    """Find columns whose order statistics are evenly spaced, or those of a normal distribution."""
    from scipy.special import ndtr
    from scipy.stats import rankdata

    found = []
    for column in columns:
        x = column.x[column.present]
        if column.step > 1e-4 or column.distinct < 20:
            continue
        for values in (x, ndtr(x)):
            if values.min() < 0 or values.max() > 1 or np.ptp(values) < 0.9:
                continue
            if len(np.unique(np.round(values, 6))) < 20:
                continue
            if not _is_even(values, rankdata(values)):
                continue
            train = values[case.train[column.present]], values[~case.test[column.present]]
            if not _is_honest(case, any(_is_even(v, rankdata(v)) for v in train)):
                found.append(column.name)
            break
    return found


def _is_even(values: Array, rank: Array) -> bool:
    """Tell whether values in 0..1 are a straight line over their ranks."""
    span = np.ptp(rank)
    if len(values) < MIN_ROWS or span == 0:
        return False
    slope = np.ptp(values) / span
    line = values.min() + slope * (rank - rank.min())
    return bool(np.abs(values - line).max() < 0.01 / len(values) + EXACT)


def _rotated(case: Case, columns: list[_Column]) -> tuple[str, ...]:
    """Find columns that are centred and uncorrelated to the last digit."""
    fine = [c for c in columns if c.present.all() and c.distinct > len(c.x) / 2]
    fine = [c for c in fine if abs(c.x.mean()) <= max(EXACT, c.step) * c.x.std()]
    if len(fine) < 2:
        return ()
    tolerance = np.array([max(EXACT, 5 * c.step / (c.x.std() * np.sqrt(len(c.x)))) for c in fine])
    near = np.maximum.outer(tolerance, tolerance)
    loose = np.abs(np.corrcoef([c.x for c in fine]) - np.eye(len(fine))) > near
    kept = list(range(len(fine)))
    while kept and (tied := loose[np.ix_(kept, kept)].sum(axis=1)).any():
        kept.pop(int(tied.argmax()))
    pairs = np.triu_indices(len(kept), 1)
    chances = np.minimum(1, near[np.ix_(kept, kept)] * np.sqrt(len(case)))
    if len(kept) < 2 or np.log10(chances[pairs]).sum() > CHANCE:
        return ()
    for mask in (case.train, ~case.test):
        inside = np.abs(np.corrcoef([fine[i].x[mask] for i in kept]) - np.eye(len(kept)))
        if _is_honest(case, bool((inside <= near[np.ix_(kept, kept)]).all())):
            return ()
    return tuple(fine[i].name for i in kept)


def _imputed(case: Case, columns: list[_Column]) -> list[str]:
    """Find columns with a spike at the mean or median of all other values.

    One must stand out far; of several each need not.
    """
    for times, least in ((SMALL_SPIKE, 2), (SPIKE, 1)):
        found = [column.name for column in columns if _is_imputed(case, column, times)]
        if len(found) >= least:
            return found
    return []


def _is_imputed(case: Case, column: _Column, times: int) -> bool:
    x = column.x[column.present]
    values, counts = np.unique(x, return_counts=True)
    if len(values) < 20:
        return False
    often = np.argsort(-counts, kind="stable")[:CANDIDATES]
    for place in often[counts[often] >= max(SPIKE, 0.002 * len(x))]:
        spike, second = float(values[place]), int(np.delete(counts, place).max())
        rest = x[x != spike]
        for centre in (is_mean, is_median):
            if not centre(spike, rest, second, counts[place] >= times * second):
                continue
            masks = (case.train, ~case.test)
            train = [column.x[column.present & m & (column.x != spike)] for m in masks]
            same = any(len(t) > 0 and agrees(centre, spike, t, second) for t in train)
            return not _is_honest(case, same)
    return False


def _finding(
    case: Case, kind: str, names: Sequence[str], what: str, severity: Severity = "warn"
) -> Finding:
    given = case.split_kind == "given"
    told = "train and test together, but not over train alone" if given else "all rows"
    return Finding(
        kind=f"preprocessing.{kind}",
        severity=severity,
        columns=tuple(names),
        evidence={
            "columns": len(names),
            "rows": len(case),
            "log10_probability_by_chance_at_most": CHANCE,
        },
        message=(
            f"{listed(names)} {what} over {told}: they were prepared with the test rows in view. "
            "That moves a score little, but a served model meets rows that no one prepared so"
        ),
        remedy="give the columns as measured; Ninefold fits the preparation on the train rows",
    )
