"""Durations as people write them: `30min`, `12h`, `7d`, `2w`."""

import re

UNITS_US = {
    "s": 10**6,
    "min": 60 * 10**6,
    "h": 3600 * 10**6,
    "d": 86400 * 10**6,
    "w": 604800 * 10**6,
}
DURATION = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(s|min|h|d|w)\s*")


def duration_us(text: str) -> int:
    """Return a duration in microseconds.

    Raises:
        ValueError: with the rule, the value and the units.
    """
    match = DURATION.fullmatch(text)
    if not match:
        raise ValueError(f"must be a duration such as 30min, 12h, 7d or 2w, however: {text!r}")
    return round(float(match[1]) * UNITS_US[match[2]])
