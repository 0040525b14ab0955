"""One number that is another times a rate, rounded: a charge by the minute, a tax, a mile."""

from collections.abc import Iterator

import numpy as np

from expectations.expressions import quoted
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 86
MIN_ROWS, MIN_LEVELS = 50, 10
MAX_COLUMNS = 30
DIGITS = 6
"""Numbers with more digits behind the point are told by eight digits in all."""
SURE = 0.01
"""How far apart, as a share, rates that fit may lie; and how rough the middle value may be."""
LOOK = 64
"""Rows on which a pair is tried before all rows are asked."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect c == rate * a within its rounding, where every train row says so."""
    names = [c.name for c in sample.of_kind("number") if not c.roles & {"id"}]
    values = {name: sample.values[name] for name in names if _varies(sample.present(name))}
    names = list(values)[:MAX_COLUMNS]
    made: set[str] = set()
    for name in names:
        for other in names:
            if name == other or {name, other} <= made:
                continue
            found = _rate(values[name], values[other])
            if found is None:
                continue
            rate, room, rows = found
            made |= {name, other}
            a, c = quoted(name), quoted(other)
            times = a if rate == 1 else f"{rate:.12g} * {a}"
            yield rule("expect_rows_to_satisfy", "warn", f"so in all {rows} rows with both",
                       expression=f"missing({a}) or missing({c}) or abs({c} - {times}) <= {room:g}"
                       )  # fmt: skip


def _rate(a: Array, c: Array) -> tuple[float, float, int] | None:
    """Return a rate, the room that rounding leaves, and in how many rows c is rate times a, if in
    all.

    Each row bounds the rate by its rounding; what all bounds leave is the rate.
    """
    known = np.isfinite(a) & np.isfinite(c)
    a, c = a[known], c[known]
    if len(a) < MIN_ROWS:
        return None
    room = _room(c)
    if not _fits(a[:LOOK], c[:LOOK], room):
        return None
    bounds = _fits(a, c, room)
    if bounds is None or np.median(np.abs(c)) * SURE < room:
        return None
    low, high = bounds
    if high - low > SURE * abs(high):
        return None
    return _plain(low, high), room, len(a)


def _fits(a: Array, c: Array, room: float) -> tuple[float, float] | None:
    """Return the least and the largest rate by which c lies within `room` in every row."""
    if (np.abs(c[a == 0]) > room).any() or not a.any():
        return None
    ends = (c[a != 0] + room * np.array([[-1.0], [1.0]])) / a[a != 0]
    low, high = float(ends.min(axis=0).max()), float(ends.max(axis=0).min())
    return (low, high) if low <= high and (low > 0 or high < 0) else None


def _room(values: Array) -> float:
    """Return half a unit of the last digit that numbers are written with, and a little."""
    for digits in range(DIGITS + 1):
        if (np.abs(values * 10**digits - np.round(values * 10**digits)) < 1e-6).all():
            return float(f"{0.501 * 10.0**-digits:.4g}")
    return float(f"{1e-8 * np.abs(values).max():.1g}")


def _plain(low: float, high: float) -> float:
    """Return the number of the fewest digits between two."""
    middle = (low + high) / 2
    return next(v for d in range(1, 18) if low <= (v := float(f"{middle:.{d}g}")) <= high)


def _varies(values: Array) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) >= MIN_ROWS and len(np.unique(finite)) >= MIN_LEVELS
