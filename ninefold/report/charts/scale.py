"""Where a number stands on an axis, and which round numbers mark the axis."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ninefold.report.markup import number

LARGEST, SMALLEST = 1e300, 1e-280
"""Beyond these, the arithmetic of axes would overflow or vanish."""
MICROS = 1_000_000
DAY = 86_400
CLOCK_STEPS = (60, 300, 900, 3_600, 10_800, 21_600, 43_200)
"""Seconds between marks within a day."""


@dataclass(frozen=True)
class Scale:
    """Linear map of `[low, high]` to `[start, stop]` in picture units."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """Return the position of `value`, held inside the picture."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, -0.02), 1.02) * (self.stop - self.start)

    def ticks(self, count: int = 5) -> list[float]:
        """Return about `count` round numbers inside the axis."""
        step = _round_step((self.high - self.low) / max(count, 1))
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [index * step for index in range(first, last + 1)]

    def marks(self, count: int = 5) -> list[tuple[float, str]]:
        """Return about `count` places on the axis and what is written there."""
        ticks = self.ticks(count)
        return list(zip(ticks, tick_labels(ticks), strict=True))

    def text(self, value: float) -> str:
        """Word a value on the axis."""
        return number(value)


class DateScale(Scale):
    """The same for microseconds since 1970: marked by days, or by minutes within a few days."""

    def marks(self, count: int = 4) -> list[tuple[float, str]]:
        span = (self.high - self.low) / MICROS
        days = max(1, math.ceil(span / count / DAY)) * DAY
        step = next((s for s in CLOCK_STEPS if span / s <= count), days) * MICROS
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [(i * step, self.text(i * step)) for i in range(first, last + 1)]

    def text(self, value: float) -> str:
        unit = "D" if self.high - self.low > 3 * DAY * MICROS else "m"
        moment = np.datetime64(round(value), "us").astype(f"datetime64[{unit}]")
        return str(moment).replace("T", " ")


def bounds(values: Iterable[float | None], pad: float = 0.05) -> tuple[float, float]:
    """Return the range of the finite values, a little wider, never empty."""
    known = [
        min(max(float(v), -LARGEST), LARGEST) for v in values if v is not None and math.isfinite(v)
    ]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if high - low <= 1e-12 * max(abs(low), abs(high), SMALLEST):
        room = abs(low) * 0.1 if abs(low) > SMALLEST else 0.5
        return low - room, high + room
    room = (high - low) * pad
    return low - room, high + room


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Word ticks with as many digits as tell them apart."""
    for digits in (3, 4, 5, 6, 8):
        texts = [number(round(t, 12), digits) for t in ticks]
        if len(set(texts)) == len(texts):
            return texts
    return [f"{t:.9g}" for t in ticks]


def _round_step(raw: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    for factor in (1, 2, 2.5, 5, 10):
        if raw <= factor * magnitude * (1 + 1e-9):
            return factor * magnitude
    return 10 * magnitude
