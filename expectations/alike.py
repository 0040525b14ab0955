"""Two drafts of one rule that ask for the same, but for the chance that was in the rows."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from expectations.sample import Rule

LOOSER, TIGHTER = 0.35, 0.2
"""By how much of itself a limit may be looser or tighter than that of a fresh draft."""
ROOM = {"within": 0.5}
"""Limits drafted at two or three times what was seen may be tighter by more."""
END, LAST_DAY = 0.03, 0.2
"""So many widths of a range its bound may be nearer; of one of days the last, behind which years
of room are left.
"""
LETS_PASS = {"max_value": 1, "max_gain": 1, "max_step": 1, "threshold": 1, "within": 1,
             "min_value": -1, "mostly": -1}  # fmt: skip
"""Arguments by which a rule lets more pass the larger (1) or smaller (-1) they are."""


def are_alike(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether a rule drafted earlier may stand for its fresh draft.

    Evidence may differ, and limits by no more than the margin that they are drafted with; whatever
    else a rule says must be the same.

    >>> rule = {"type": "a", "column": "b", "min_value": 0, "max_value": 100}
    >>> are_alike(rule, rule | {"max_value": 98}), are_alike(rule, rule | {"max_value": 110})
    (True, False)
    """
    if {**old, "because": ""}.keys() != {**new, "because": ""}.keys():
        return False
    return all(key == "because" or _is_near(key, old, new) for key in old)


def _is_near(key: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    was, now = old[key], new[key]
    if was == now:
        return True
    if isinstance(was, list) and isinstance(now, list):
        return sorted(map(repr, was)) == sorted(map(repr, now))
    before, after = _number(was), _number(now)
    if key not in LETS_PASS or before is None or after is None:
        return False
    is_looser, width = (before - after) * LETS_PASS[key] > 0, _width(new)
    if key == "mostly":  # the share that may break the rule
        before, after, width = 1 - before, 1 - after, None
    if width is None:
        size, room = max(abs(before), abs(after)), ROOM.get(key, TIGHTER)
    else:
        size, room = width, LAST_DAY if isinstance(now, str) and key == "max_value" else END
    room = max(room, LOOSER) if is_looser else room
    return abs(before - after) <= size * room * (1 + 1e-9)


def _width(rule: Rule | Mapping[str, Any]) -> float | None:
    low, high = (_number(rule.get(key)) for key in ("min_value", "max_value"))
    return None if low is None or high is None else high - low


def _number(value: Any) -> float | None:
    """Return a number as it is, a day as its number; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    try:
        return float(date.fromisoformat(str(value)).toordinal())
    except ValueError:
        return None
