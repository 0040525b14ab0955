"""Numbers: finite, whole, and where they lie."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import far_ends, hard_ends, mostly, outwards, reach
from expectations.sample import Rule, Sample, rule
from ninefold import dates
from ninefold.columns import Array, Column, is_missing

ORDER = 40
MARGIN = 0.5
"""How far beyond the range seen a number may lie, in widths of that range; a heavy tail goes on."""
GROWTH = 10
"""The same of a number that grows or falls with time, in multiples of the largest: only another
unit, or another sign, is so far."""
FAR = 5.0
"""A value this many times as far from the median as quantile 1 % (or 99 %) lies far out."""
MAX_FAR = 0.01
"""More far values than this share, and they are how the column is distributed."""
MIN_ROWS = 20
CLUSTER = 5
"""So many far values are no tail."""
FEW, SKEWED = 1000, 2
"""Of so few rows that are skewed so much the margin counts in logarithms: more rows reach out."""
MIN_DIGITS, ABOVE, BELOW, OUTSIDE = 4, 0.25, 0.1, 12
"""Codes have so many digits; so many within these shares of the bounds are no chance."""
TREND = 0.7
"""Above this rank correlation with the rows' time a number grows or falls with time."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect finite numbers in a robust range, a wide one of what grows or falls with time."""
    for column in sample.of_kind("number"):
        values = sample.present(column.name)
        finite = values[np.isfinite(values)]
        infinite = len(values) - len(finite)
        is_whole = len(finite) >= MIN_ROWS and bool((finite == np.round(finite)).all())
        is_constant = len(finite) >= MIN_ROWS and finite.min() == finite.max()
        if is_constant and not infinite and not _is_regressed(sample, column):
            pass  # its range says so
        elif is_whole and not infinite and not _is_regressed(sample, column):
            yield _whole(column, len(finite))
        elif len(values):
            yield _finite(column, len(values), infinite, _is_regressed(sample, column))
        is_ranged = len(finite) >= MIN_ROWS and not column.roles & {"id", "group"}
        if not is_ranged or column.name in sample.masked:
            continue
        if _has_trend(sample, column):
            is_moving = finite.min() < finite.max()  # not such as the one year of all rows
            yield from _range(column, finite, is_moving=True) if is_moving else ()
        else:
            far = far_ends(finite, CLUSTER)
            is_mixed = len(np.unique(finite[far])) > 1  # one value is a code
            yield from _mixed(column, finite, far) if is_mixed else _range(column, finite)


def _is_regressed(sample: Sample, column: Column) -> bool:
    return sample.is_target(column.name) and sample.problem.task == "regression"


def _finite(column: Column, rows: int, infinite: int, is_needed: bool) -> Rule:
    because = (
        f"{infinite} of {rows} were infinite" if infinite else f"all {rows} were finite in training"
    )
    share = {"mostly": mostly(infinite, rows)} if infinite else {}
    severity = "block" if is_needed and not infinite else "warn"
    return rule("expect_column_values_to_be_finite", severity, because,
                column=column.name, **share)  # fmt: skip


def _whole(column: Column, rows: int) -> Rule:
    because = f"all {rows} were whole numbers in training"
    return rule("expect_column_values_to_be_whole", "warn", because, column=column.name)


def _mixed(column: Column, values: Array, far: Array) -> Iterator[Rule]:
    """Expect the range of most values; training, a few of which lie far from all others, fails."""
    nearest = np.sort(values[far])[np.array([0, -1])]
    why = (
        f"{far.sum()} of {len(values)} values of training lie far from all others "
        f"({nearest[0]:.6g} to {nearest[1]:.6g}): another unit, or mistakes?"
    )
    for item in _range(column, values[~far]):
        yield {**{k: v for k, v in item.items() if k != "mostly"}, "because": f"{why} Those "
               + item["because"].partition(";")[0]}  # fmt: skip


def _range(column: Column, values: Array, *, is_moving: bool = False) -> Iterator[Rule]:
    """Expect a range around what was seen, or around all but a few values that lie far out."""
    low, high, inside = float(values.min()), float(values.max()), values
    if low == high:
        only = int(low) if low.is_integer() else low
        because = f"all {len(values)} were {only} in training"
        yield rule("expect_column_values_to_be_between", "warn", because, column=column.name,
                   min_value=only, max_value=only, mostly=mostly(0, len(values)))  # fmt: skip
        return
    q_low, median, q_high = np.quantile(values, [0.01, 0.5, 0.99], method="inverted_cdf").tolist()
    with np.errstate(over="ignore"):
        fence = (median - FAR * (median - q_low), median + FAR * (q_high - median))
        far = int(((values < fence[0]) | (values > fence[1])).sum()) if q_low < q_high else 0
        is_robust = 0 < far <= MAX_FAR * len(values) and len(values) >= 200
        if is_robust:
            inside = values[(values >= fence[0]) & (values <= fence[1])]
            low, high = float(inside.min()), float(inside.max())
        room = MARGIN * (high / 2 - low / 2) * 2
        room = GROWTH * max(abs(low), abs(high)) if is_moving else room
        lowest, highest = min(low - room, -reach(-inside)), max(high + room, reach(inside))
    if low >= 0 and high - median > SKEWED * (median - low):
        highest = max(highest, _skewed(values, high, median))
    bounds = {"min_value": outwards(lowest, -1), "max_value": outwards(highest, 1)}
    if low >= 0:
        bounds["min_value"] = 0 if low == 0 else max(0, bounds["min_value"])
    bounds |= (ends := {} if is_moving else _ends(values))
    if not np.isfinite([*bounds.values()]).all():
        return
    because, share = f"ranged from {low:.6g} to {high:.6g} in training", {}
    if ends:
        because += f", a scale that stops at {' and '.join(map(str, ends.values()))}"
    if is_robust:
        because += f"; {far} of {len(values)} lay far outside"
        share = {"mostly": mostly(far, len(values))}
    yield rule("expect_column_values_to_be_between", "warn", because,
               column=column.name, **bounds, **share)  # fmt: skip


def _skewed(values: Array, high: float, median: float) -> float:
    """Return the end of a skewed range from 0: of few rows, or of mostly zeros, whose largest say
    little, the margin counts in logarithms from the median of what is above 0.
    """
    if median > 0:
        return high * (high / median) ** MARGIN if len(values) < FEW else high
    return float(high * (high / np.median(values[values > 0])) ** MARGIN)


def _ends(values: Array) -> dict[str, int]:
    """Return the bounds of a scale of whole numbers that stops, such as that of months, or of
    codes of so many digits.
    """
    if (values != np.round(values)).any():
        return {}
    if digits := _digits(values):
        return digits
    found = zip(("min_value", "max_value"), (values.min(), values.max()), strict=True)
    return {
        name: int(bound)
        for (name, bound), is_hard in zip(found, hard_ends(values), strict=True)
        if is_hard and bound
    }


def _digits(values: Array) -> dict[str, int]:
    """Return the bounds of codes that all have the same number of digits, such as postal codes.

    They must come so often just inside a bound that, were it none, some would lie just outside.
    """
    low, high = values.min(), values.max()
    if low < 10 ** (MIN_DIGITS - 1) or high >= 1e15:
        return {}
    digits = len(str(int(low)))
    bounds = {"min_value": 10 ** (digits - 1), "max_value": 10**digits - 1}
    if high > bounds["max_value"]:
        return {}
    levels = np.unique(values)
    near = {
        "min_value": levels < bounds["min_value"] * (1 + ABOVE),
        "max_value": levels > bounds["max_value"] * (1 - BELOW),
    }
    return {name: bound for name, bound in bounds.items() if near[name].sum() >= OUTSIDE}


def _has_trend(sample: Sample, column: Column) -> bool:
    """Tell whether a number moves with the time that orders the rows, so that any range ends."""
    from scipy.stats import spearmanr

    time = sample.problem.time
    if time is None or time not in sample.values:
        return False
    if time == column.name:
        return True
    kind = next(c.kind for c in sample.columns if c.name == time)
    values, when = sample.values[column.name], sample.values[time]
    known = np.isfinite(values) & ~is_missing(kind, when)
    if kind == "datetime" and known.any() and (values == dates.years(when))[known].all():
        return True
    if known.sum() < MIN_ROWS or len(np.unique(values[known])) < 3 or np.ptp(when[known]) == 0:
        return False
    return bool(abs(spearmanr(values[known], when[known]).statistic) > TREND)
