"""Columns whose values bear the mark of a scaler that saw all rows: its centre, ends or ranks."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._resolution import resolution
from ninefold.leakage.case import Case

MIN_ROWS = 30
MIN_DISTINCT = 5
CHANCE = -5.0
"""log10 of the chance that a column meets a fitted statistic this exactly, all columns counted."""
EXACT = 1e-6
"""Deviation, in standard deviations, that rounding of floats explains."""
FINE = 1e-3
"""Grid up to which a column of deviations looks computed."""
ENDS = ((0.0, 1.0), (-1.0, 1.0), (-5.199337582605575, 5.199337582605575))
"""What scalers bring columns to; the last is where scikit-learn's QuantileTransformer cuts the
normal distribution."""


@dataclass(frozen=True)
class Column:
    """A numeric feature: name, values `(N,)`, mask of those present, grid step, distinct values."""

    name: str
    x: Array
    present: Array
    step: float
    distinct: int


def numeric(case: Case, name: str) -> Column | None:
    """Return a feature of numbers that vary, None for any other."""
    if case.frame.column(name).kind != "number":
        return None
    x = case.frame[name]
    present = np.isfinite(x)
    known = x[present]
    if len(known) < MIN_ROWS or np.ptp(known) == 0:
        return None
    distinct = int(case.codes[name].max()) + 1
    return Column(name, x, present, resolution(known), distinct) if distinct >= 3 else None


def is_honest(case: Case, matches_train: bool) -> bool:
    """Tell whether a statistic that all rows meet is also that of the train part alone."""
    return case.split_kind == "given" and matches_train


def _train_values(case: Case, column: Column) -> tuple[Array, Array]:
    """Return the values of the train rows, and of those that a user could call train."""
    return column.x[column.present & case.train], column.x[column.present & ~case.test]


def _log10_standard(x: Array, column: Column) -> float:
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


def standardised(case: Case, columns: list[Column]) -> list[str]:
    """Find columns of mean 0 and standard deviation 1, as all of them together rarely are."""
    found, chances = [], []
    for column in columns:
        chance = _log10_standard(column.x[column.present], column)
        if chance == 0.0 or column.distinct < MIN_DISTINCT:
            continue
        parts = _train_values(case, column)
        if is_honest(case, any(_log10_standard(p, column) < 0 for p in parts)):
            continue
        found.append(column.name)
        chances.append(chance)
    enough = sum(chances) + np.log10(max(1, len(columns))) <= CHANCE
    return found if enough else []


def centred(case: Case, columns: list[Column]) -> list[str]:
    """Find columns whose median is 0 and whose quartiles are 1 apart, as no measure's happen to."""
    found = []
    for column in columns:
        if column.step > FINE or column.distinct < 20:
            continue
        near = max(column.step, EXACT)
        if _is_centred(column.x[column.present], near):
            parts = _train_values(case, column)
            if not is_honest(case, any(_is_centred(part, near) for part in parts)):
                found.append(column.name)
    return found


def _is_centred(x: Array, near: float) -> bool:
    if len(x) < MIN_ROWS:
        return False
    low, middle, high = np.quantile(x, (0.25, 0.5, 0.75))
    return bool(abs(middle) <= near and abs(high - low - 1) <= 2 * near)


def min_max(case: Case, columns: list[Column]) -> list[str]:
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
        only_test += all(_is_inside(p, _span(x)) for p in _train_values(case, column))
    if len(found) < 2 or len(found) < 0.6 * len(fine):
        return []
    if case.split_kind == "given":
        wanted = case.test.mean() * len(found) / 2
        return found if only_test >= max(1, wanted) else []
    return found


def _is_circle(column: Column, other: Column) -> bool:
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


def ranked(case: Case, columns: list[Column]) -> list[str]:
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
            if not is_honest(case, any(_is_even(v, rankdata(v)) for v in train)):
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
