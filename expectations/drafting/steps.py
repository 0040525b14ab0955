"""How far apart the moments of a series lie."""

from collections.abc import Iterator

import numpy as np

from expectations.margins import outwards
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 55
MIN_ROWS = 50
REGULAR = 5
"""A series whose longest step is more times the usual one has holes of its own."""
ROOM = 3
UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect no hole much longer than those of training, where the file is sorted by time."""
    time = next((c for c in sample.columns if c.name == sample.problem.time), None)
    if time is None or time.kind not in ("number", "datetime"):
        return
    steps = np.abs(np.diff(sample.present(time.name).astype(np.float64)))
    is_sorted = bool((np.diff(sample.present(time.name)) >= 0).all())
    steps = steps[steps > 0]
    if not is_sorted or len(steps) < MIN_ROWS or steps.max() > REGULAR * np.median(steps):
        return
    is_date = time.kind == "datetime"
    said = [_said(value, is_date) for value in (np.median(steps), steps.max(), ROOM * steps.max())]
    because = f"{len(steps)} steps in training, the usual one {said[0]}, the longest {said[1]}"
    yield rule("expect_column_values_to_follow_within", "warn", because,
               column=time.name, max_step=said[2])  # fmt: skip


def _said(step: float | Array, is_date: bool) -> float | str:
    """Return a step of microseconds in the largest unit that it fills."""
    if not is_date:
        return outwards(float(step), 1)
    seconds = float(step) / 1e6
    unit, size = next((pair for pair in UNITS if seconds >= pair[1]), UNITS[-1])
    return f"{seconds / size:.4g}{unit}"
