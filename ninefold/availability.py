"""Which columns sound as if their values were known only after the outcome.

`ninefold init` lists them for a person to say; the audit asks once more about one that decides.
"""

import re
from collections.abc import Callable

import numpy as np

from ninefold.columns import Array, Column

AFTER_WORDS = {
    "actual", "after", "cancel", "cancellation", "cancelled", "canceled", "chargeoff", "closed",
    "closing", "closure", "completed", "completion", "deceased", "delivered", "died", "discharge",
    "discharged", "exit", "final", "finished", "outcome", "outcomes", "post", "recovered",
    "recoveries", "recovery", "refund", "refunded", "resolution", "resolved", "result", "results",
    "returned", "settled", "settlement", "terminated", "termination",
}  # fmt: skip
EVENT_WORDS = {
    "arrest", "censor", "censored", "cens", "dead", "death", "delta", "deceased", "died", "event",
    "fail", "failed", "failure", "recidivism", "recur", "recurrence", "relapse", "status",
    "survived",
}  # fmt: skip
"""Whether something came to pass while a subject was followed."""
FOLLOWED = {
    "censoring", "dtime", "follow", "followup", "futime", "pgtime", "ptime", "rtime", "stime",
    "survival", "survtime", "tte",
}  # fmt: skip
"""Beside such a target, how long that was: known when it is over (in R's survival, as a rule)."""
ABOUT_OUTCOME = {"at", "cause", "date", "day", "days", "reason", "time", "timestamp", "ts"}
"""Beside a word of the target, these tell of the outcome: `churn_date`, `default_reason`."""
_FIRST, _LAST = ("|".join(sorted(each)) for each in (AFTER_WORDS | EVENT_WORDS, ABOUT_OUTCOME))
JOINED = re.compile(f"({_FIRST})({_LAST})")
"""Two of these words written as one: `deathdate`, `closingdate`."""
DELAY = re.compile(r"delay|late|arriv|punctual", re.IGNORECASE)
DELAY_WORDS = {"arr", "arrival", "arrived", "dep", "departure", "departed", "airtime", "elapsed"}
PLANNED = {"scheduled", "sched", "planned", "expected", "crs", "plan"}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")


def words(name: str) -> list[str]:
    """Return the words of a column name in lower case: `arrTime_2` gives arr, time, 2."""
    return [found.lower() for found in WORD.findall(name)]


def perhaps_after(column: Column, target: str, read: Callable[[str], Array]) -> bool:
    """Tell whether a column's name, beside the target's, suggests that it is known too late.

    `read` gives the numbers `(N,)` of a column, where the name alone does not say.
    """
    if sounds_late(column.name, target):
        return True
    if column.kind != "number" or not sounds_followed(column.name, target):
        return False
    # What rises from row to row is a clock.
    return bool((np.diff(read(column.name)) < 0).any())


def sounds_late(name: str, target: str) -> bool:
    """Tell whether a column's name suggests that it is known only after the outcome."""
    said, about = set(words(name)), set(words(target))
    said |= {part for word in said if (both := JOINED.fullmatch(word)) for part in both.groups()}
    if said & PLANNED:
        return False
    stems = {word[:5] for word in about if len(word) > 3}
    is_event = bool(said & EVENT_WORDS and about & EVENT_WORDS)
    tells = bool(said & ABOUT_OUTCOME) and (is_event or any(word[:5] in stems for word in said))
    delayed = bool(DELAY.search(target)) and bool(said & DELAY_WORDS or {"air", "time"} <= said)
    return tells or delayed or bool(said & AFTER_WORDS)


def sounds_followed(name: str, target: str) -> bool:
    """Tell whether a name suggests how long one waited for what the target tells."""
    said = words(name)
    return bool({*words(target)} & EVENT_WORDS) and (said == ["time"] or bool({*said} & FOLLOWED))
