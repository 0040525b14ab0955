"""Durations as people write them: `30min`, `12h`, `7d`, `2w`; and in names: `churned_30_days`."""

import math
import re

UNITS_US = {
    "s": 10**6,
    "min": 60 * 10**6,
    "h": 3600 * 10**6,
    "d": 86400 * 10**6,
    "w": 604800 * 10**6,
}
DAY_US = UNITS_US["d"]
DURATION = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(s|min|h|d|w)\s*")

NAMED = re.compile(r"(?<!\d)(\d{1,4})[ _-]?(min|minutes?|h|hours?|hrs?|d|days?|w|weeks?)(?![a-z])")
UNIT_OF_NAME = {"m": "min", "h": "h", "d": "d", "w": "w"}


def named_duration(name: str) -> str | None:
    """Return the first duration in a name, as `30d` of `readmitted_30_days`, or None."""
    found = NAMED.search(name.lower())
    return f"{int(found[1])}{UNIT_OF_NAME[found[2][0]]}" if found else None


def duration_us(text: str) -> int:
    """Return a duration in microseconds.

    Raises:
        ValueError: with the rule, the value and the units.
    """
    match = DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"must be a duration such as 30min, 12h, 7d or 2w, however: {text!r}")
    return round(float(match[1]) * UNITS_US[match[2]])


def rounded_up(span: float) -> str:
    """Return microseconds as whole days, hours or minutes, at least two of them if it can be."""
    unit = next((u for u in ("d", "h", "min") if span >= 2 * UNITS_US[u]), "min")
    return f"{max(1, math.ceil(span / UNITS_US[unit]))}{unit}"
