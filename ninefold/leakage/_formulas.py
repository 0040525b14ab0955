"""What people compute along a series: every usual window, total and change, named."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._ahead import unit
from ninefold.leakage._series import Series

REACH = 30
WIDTHS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15, 20, 21, 24, 28, 30)
STEPS = (1, 2, 3, 4, 5, 6, 7, 10, 12, 14, 20, 21, 24, 28, 30)
PLACES = 600
SHORTEST = 3
"""Mean rows of a period over which totals are counted."""
MIN_PAIRS, MIN_VARIED = 40, 10
"""Rows that are compared at least, and how many of them must not hold the commonest value."""
OPEN, WITHIN = 0.9, 0.97
"""Share of the places from which on the row some rows before is taken to have no target yet, and
share of the horizon within which it must lie: months are not of one length."""
STATISTICS: dict[str, Callable[..., Array]] = {
    "mean": np.mean,
    "largest": np.max,
    "smallest": np.min,
    "median": np.median,
    "spread": np.std,
}
COMPARED = ("mean", "largest", "smallest")


@dataclass(frozen=True)
class Formula:
    """A column as it would be if computed so: `values` `(P,)` at the places looked at."""

    what: str
    looks: str
    """past: honest. present: it holds the target itself. future: it holds what comes later."""
    values: Array
    age: int = 1
    """Rows back to the latest target that a formula of the past holds."""
    ahead: int = 0
    """Rows to the last one that a formula of the future holds, where it is a fixed number."""


@dataclass(frozen=True)
class Table:
    """All formulas of one series at some places; `values` is `(P, K)`."""

    places: Array
    formulas: tuple[Formula, ...]
    values: Array

    @cached_property
    def _scaled(self) -> tuple[Array, Array]:
        """Known values `(P, K)` in standard deviations about their mean, else 0; which are known.

        What the correlations of every column of the case are computed from.
        """
        known = np.isfinite(self.values)
        count = np.maximum(known.sum(axis=0), 1)
        values = np.where(known, self.values, 0.0)
        values -= np.where(known, values.sum(axis=0) / count, 0.0)
        spread = np.abs(values).max(axis=0)
        values /= np.where(spread > 0, spread, 1.0)
        return values, known.astype(np.float64)

    def correlations(self, x: Array) -> tuple[Array, Array]:
        """Return Pearson's r `(..., K)` of columns at the places `(..., P)` with each formula, and
        the pairs.

        As `_ahead.correlations`, by sums over what was scaled once.
        """
        values, known = self._scaled
        here = np.isfinite(x)
        a = np.where(here, x, 0.0)
        total = a.sum(axis=-1, keepdims=True)
        a -= np.where(here, total / np.maximum(here.sum(axis=-1, keepdims=True), 1), 0.0)
        largest = np.abs(a).max(axis=-1, keepdims=True)
        a /= np.where(largest > 0, largest, 1.0)
        count = here @ known
        n = np.maximum(count, 1)
        sum_a, sum_b = a @ known, here @ values
        of_a = (a * a) @ known - sum_a**2 / n
        of_b = here @ (values * values) - sum_b**2 / n
        size = np.sqrt(np.maximum(of_a, 0) * np.maximum(of_b, 0))
        enough = (count >= MIN_PAIRS) & (size > 1e-12 * n)
        both = a @ values - sum_a * sum_b / n
        return np.where(enough, both / np.where(enough, size, 1.0), 0.0), count


def table(
    series: Series, y: Array, seed: int, is_event: bool, moments: Array | None, is_forecast: bool
) -> Table | None:
    """Compute every formula of the target `y` `(M,)`; None if the series is too short.

    is_event: the target is 0 or 1, and it makes sense to wait for it.
    moments: `(M,)` microseconds, if the rows are ordered by a date.
    is_forecast: time is declared, so that a level that holds the present is a question.
    """
    places = series.inner(0, PLACES, seed)
    if len(places) < MIN_PAIRS:
        return None
    around = series.around(y, places, np.arange(-REACH, REACH + 1))
    formulas = (
        *windows(around),
        *_changes(around),
        *compared(around),
        *(f for span in _spans(series, moments) for f in _totals(*span, y, places, is_forecast)),
        *(_waiting(series, y, places) if is_event else ()),
    )
    return Table(places, formulas, np.column_stack([f.values for f in formulas]))


def match(formulas: Table, x: Array, open_rows: int = 0) -> Formula | None:
    """Return the formula that a column `x` `(M,)` follows up to its rounding, if none is honest.

    open_rows: the last rows whose target is not known yet, so that no honest formula holds it.
    """
    found = fitting(formulas, x)
    if not found or any(f.looks == "past" and f.age > open_rows for f in found):
        return None
    return min(found, key=lambda f: f.looks != "present")


def open_rows(series: Series, moments: Array, horizon: float) -> int:
    """Return how many of the rows before one have no target yet in nearly all places, up to REACH.

    moments: `(M,)` when each row was; horizon: how long after it its target is known.
    """
    places = series.inner(0, PLACES, 0)
    steps = np.arange(-1, -REACH - 1, -1)
    before = series.around(moments.astype(np.float64), places, steps)
    ages = moments[places][:, None] - before
    known = np.isfinite(ages)
    is_open = ((ages < WITHIN * horizon) & known).sum(axis=0) >= OPEN * np.maximum(
        known.sum(axis=0), 1
    )
    return int(np.append(~is_open, True).argmax())


def fitting(formulas: Table, x: Array) -> list[Formula]:
    """Return the formulas that a column `x` `(M,)` follows up to its rounding.

    Either value for value in most rows, or in other units (and as a sum for a mean) in nearly all.
    If too few rows tell one from the other, there is none.
    """
    x = x[formulas.places]
    known = x[np.isfinite(x)]
    if len(known) < MIN_PAIRS or unit(known) > np.std(known) or _varied(known) < MIN_VARIED:
        return []
    equal = _equal(formulas, x)
    if equal:
        return [formulas.formulas[k] for k in equal]
    r, count = formulas.correlations(x)
    close = np.flatnonzero((np.abs(r) > 0.999) & (count >= MIN_PAIRS))
    return [formulas.formulas[k] for k in close if _follows(x, formulas.values[:, k])]


def _varied(values: Array) -> int:
    """Return how many values are not the commonest one."""
    return len(values) - int(np.unique(values, return_counts=True)[1].max())


def _usual(x: Array) -> float:
    """Return how far values `(P,)` usually lie from the middle one; huge ones do not decide."""
    return float(np.median(np.abs(x - np.median(x))) or np.std(x))


def _equal(formulas: Table, x: Array) -> list[int]:
    """Return the formulas that equal `x` `(P,)` in most rows, far more often than by chance."""
    known = np.isfinite(x)
    allowed = max(0.6 * unit(x[known]), 1e-7 * _usual(x[known]))
    if allowed > 0.02 * np.std(x[known]):
        return []
    both = np.isfinite(formulas.values) & known[:, None]
    count = np.maximum(both.sum(axis=0), MIN_PAIRS)
    equal = (np.abs(formulas.values - x[:, None]) <= allowed) & both
    share = equal.sum(axis=0) / count
    best = share.max()
    if best < 0.6:
        return []
    moved = (np.abs(formulas.values - np.roll(x, len(x) // 2)[:, None]) <= allowed) & both
    chance = moved.sum(axis=0) / count
    found = np.flatnonzero((share >= 0.9 * best) & (chance <= 0.3 * share))
    return [int(k) for k in found if _varied(x[equal[:, k]]) >= MIN_VARIED]


def _follows(x: Array, values: Array) -> bool:
    both = np.isfinite(x) & np.isfinite(values)
    x, values = x[both], values[both]
    rounding, spread = unit(x), _usual(x)
    if spread == 0 or _varied(x) < MIN_VARIED:
        return False
    slope, level = np.polyfit(values - values.mean(), x, 1)
    rest = np.abs(x - level - slope * (values - values.mean()))
    allowed = max(0.6 * rounding if rounding < 0.2 * spread else 0.0, 1e-6 * spread)
    return bool(np.quantile(rest, 0.95) <= allowed)


def windows(around: Array, statistics: Iterable[str] = STATISTICS) -> Iterator[Formula]:
    """Yield statistics over windows before, up to, around and after each row."""
    spans = {}
    for width in WIDTHS:
        spans[f"the last {width} rows before"] = ("past", -width, -1)
        spans[f"the last {width} rows with the present"] = ("present", 1 - width, 0)
        spans[f"the next {width} rows"] = ("future", 1, width)
        spans[f"the present and the next {width - 1} rows"] = ("future", 0, width - 1)
        half = width // 2
        spans[f"{width} rows around"] = ("future", -half, width - half - 1)
        spans[f"{2 * half + 1} rows around"] = ("future", -half, half)
    for words, (looks, start, stop) in spans.items():
        if stop > REACH or start < -REACH:
            continue
        window = around[:, start + REACH : stop + REACH + 1]
        looks = "present" if stop == 0 and looks == "future" else looks
        for name in statistics:
            values = STATISTICS[name](window, axis=1)
            yield Formula(f"the {name} of {words}", looks, values, ahead=max(stop, 0))


def _changes(around: Array) -> Iterator[Formula]:
    """Yield lags, differences and ratios between a row and others."""
    now = around[:, REACH]
    for step in range(1, REACH + 1):
        yield Formula(f"the value {step} rows before", "past", around[:, REACH - step], step)
    yield from changes_ahead(around)
    for step in STEPS:
        before = around[:, REACH - step]
        yield from _between(before, now, "present", f"since {step} rows before")
        if step > 1:
            last = around[:, REACH - 1]
            yield from _between(before, last, "past", f"from {step} to 1 rows before")
    yield Formula("the present", "past", now, REACH + 1)


def changes_ahead(around: Array, steps: Iterable[int] = STEPS) -> Iterator[Formula]:
    """Yield differences and ratios between a row and later ones."""
    for step in steps:
        later = around[:, REACH + step]
        yield from _between(around[:, REACH], later, "future", f"to {step} rows later", step)


def _between(
    start: Array, stop: Array, looks: str, words: str, ahead: int = 0
) -> Iterator[Formula]:
    yield Formula(f"the change {words}", looks, stop - start, ahead=ahead)
    positive = np.where((start > 0) & (stop > 0), stop / np.where(start > 0, start, 1.0), np.nan)
    ratio = np.where(start != 0, stop / np.where(start != 0, start, 1.0), np.nan)
    yield Formula(f"the relative change {words}", looks, ratio, ahead=ahead)
    yield Formula(f"the log change {words}", looks, np.log(positive), ahead=ahead)


def compared(around: Array, statistics: Iterable[str] = COMPARED) -> Iterator[Formula]:
    """Yield how statistics of the next rows, and of the last ones, differ from the present."""
    now = around[:, REACH]
    for width in WIDTHS:
        for words, looks, window in (
            (f"the next {width} rows", "future", around[:, REACH + 1 : REACH + 1 + width]),
            (f"the last {width} rows before", "present", around[:, REACH - width : REACH]),
        ):
            for name in statistics:
                other = STATISTICS[name](window, axis=1)
                ahead = width if looks == "future" else 0
                yield from _between(now, other, looks, f"to the {name} of {words}", ahead)


def _spans(series: Series, moments: Array | None) -> Iterator[tuple[str, Array]]:
    """Yield what totals are counted over, in words, and its codes `(M,)`: all rows, or a period."""
    yield "", series.entity
    if moments is None:
        return
    for period, unit_of in (("year", "Y"), ("month", "M"), ("week", "W"), ("day", "D")):
        number = moments.astype("datetime64[us]").astype(f"datetime64[{unit_of}]").astype(np.int64)
        codes = np.unique(np.column_stack([series.entity, number]), axis=0, return_inverse=True)[1]
        if SHORTEST <= len(codes) / (codes.max() + 1) <= len(codes) / 3:
            yield f" in its {period}", codes.ravel()


def _totals(
    span: str, code: Array, y: Array, places: Array, is_forecast: bool
) -> Iterator[Formula]:
    """Yield what has come so far and what is still to come among rows of one code `(M,)`."""
    import pandas as pd

    for when, looks, turn in (("so far", "present", 1), ("still to come", "future", -1)):
        words = f"{when}{span}"
        values = pd.Series(y[::turn])
        entity = code[::turn]
        so_far = values.groupby(entity, sort=False)
        count = so_far.cumcount() + 1
        total = so_far.cumsum()
        found = {
            "mean": total / count,
            "largest": so_far.cummax(),
            "smallest": so_far.cummin(),
            "sum": total,
        }
        for name, column in found.items():
            without = column.groupby(entity, sort=False).shift(1)
            # A total so far names the present only beside the last total: a level, not a leak.
            is_level = name == "sum" and looks == "present" and not (span or is_forecast)
            at = column.to_numpy()[::turn][places]
            before = without.to_numpy()[::turn][places]
            yield Formula(
                f"the {name} {words}, with the present", "past" if is_level else looks, at
            )
            yield Formula(f"the {name} {words}", "past" if looks == "present" else "future", before)


def _waiting(series: Series, y: Array, places: Array) -> Iterator[Formula]:
    """Yield how many rows pass until the next event."""
    import pandas as pd

    row = np.arange(len(y), dtype=np.float64)
    rare = 1 if y.mean() <= 0.5 else 0
    event = pd.Series(np.where(y == rare, row, np.nan)[::-1])
    entity = series.entity[::-1]
    upcoming = event.groupby(entity, sort=False).ffill()
    later = upcoming.groupby(entity, sort=False).shift(1)
    yield Formula(
        "the rows until the next event", "future", (upcoming.to_numpy()[::-1] - row)[places]
    )
    yield Formula("the rows until a later event", "future", (later.to_numpy()[::-1] - row)[places])
