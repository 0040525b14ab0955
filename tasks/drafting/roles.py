"""Which columns sound like an entity; the horizon."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ninefold.availability import perhaps_after, words
from ninefold.columns import NAT, Array, Column, to_array
from ninefold.durations import duration_us, named_duration, rounded_up

MIN_ENTITIES = 30
"""Fewer cannot be spread over three parts and the folds inside train."""
MIN_REPEATED = 0.2
"""Share of rows that must share their entity with another row."""
MAX_ENTITY_SHARE = 0.1
MAX_GAP_SHARE = 0.1
"""A horizon longer than this share of the time covered is not taken without asking."""
SAMPLE = 200
MIN_LENGTHS, SAME_LENGTH = 30, 0.99
"""Rows that must tell how long it was, and the correlation from which on they do."""
ID_WORDS = {"id", "ids", "uuid", "guid", "key", "nr", "no", "num", "number", "code", "hash", "ref"}
OWN_WORDS = {"id", "ids", "uuid", "guid"}
"""A column of that name alone that repeats: what a row is about, not the row."""
BEINGS = {
    "account", "animal", "applicant", "borrower", "client", "customer", "cow", "device", "donor",
    "driver", "employee", "engine", "guest", "household", "learner", "machine", "member", "mouse",
    "owner", "participant", "passenger", "patient", "person", "player", "policyholder", "pupil",
    "respondent", "rider", "seller", "sensor", "speaker", "student", "subject", "subscriber",
    "tenant", "user", "vehicle", "visitor", "volunteer", "worker",
}  # fmt: skip
"""Words for what a model is to serve although it has never met it."""
PLACES = {
    "author", "batch", "branch", "building", "campaign", "case", "clinic", "company", "farm",
    "hospital", "host", "item", "listing", "lot", "merchant", "plant", "plot", "product",
    "property", "school", "session", "shop", "site", "sku", "station", "store", "supplier",
    "tailnum", "team", "vendor", "well",
}  # fmt: skip
"""Words for what may be an entity, or a feature the model is meant to know."""


@dataclass(frozen=True)
class Roles:
    """What names and values suggest; what is only `perhaps` waits for a person."""

    group: tuple[str, ...] = ()
    """The entity, if one stands out: taken without asking."""
    perhaps_group: tuple[str, ...] = ()
    perhaps_after: tuple[str, ...] = ()
    why_group: Mapping[str, str] = field(default_factory=dict)
    """Entity -> why it is one, where only its values say so."""


def propose_roles(
    table: pa.Table, columns: Sequence[Column], target: str, free: Iterable[str]
) -> Roles:
    """Look for entities and late columns among the columns `free` of a role."""

    def numbers(name: str) -> Array:
        return to_array(table[name], "number")

    names = set(free)
    strong: list[str] = []
    weak: list[str] = []
    for column in columns:
        if column.name in names:
            kind = _entity(table, column)
            (strong if kind == "being" else weak if kind else []).append(column.name)
    late = [c.name for c in columns if c.name in names and perhaps_after(c, target, numbers)]
    late += _lengths(table, [c for c in columns if c.name in names], late)
    strong = [name for name in strong if name not in late]
    return Roles(tuple(strong[:1]), (*strong[1:], *weak), tuple(late))


def _lengths(table: pa.Table, columns: Sequence[Column], late: Sequence[str]) -> list[str]:
    """Return numbers that tell how long it was until a late date: known no earlier than that."""

    def moments(name: str) -> Array:
        found = to_array(table[name], "datetime")
        return np.where(found == NAT, np.nan, found)

    dates = {c.name: moments(c.name) for c in columns if c.kind == "datetime"}
    starts = [dates[name] for name in dates if name not in late]
    spans = [dates[name] - start for name in dates if name in late for start in starts]
    # Since a birth is an age, whatever it is counted until.
    moves = min(map(_spread, starts), default=0.0)
    short = [span for span in spans if _spread(span) < moves]

    def is_length(name: str) -> bool:
        values = to_array(table[name], "number")
        return any(_correlation(values, span) > SAME_LENGTH for span in short)

    numbers = [c.name for c in columns if c.kind == "number" and c.name not in late]
    return [name for name in numbers if is_length(name)]


def _spread(values: Array) -> float:
    """Return the standard deviation of what is known, infinite if nothing is."""
    known = values[np.isfinite(values)]
    return float(known.std()) if len(known) else np.inf


def _correlation(a: Array, b: Array) -> float:
    """Return the correlation of the rows that have both; 0 where too few have."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b = a[known], b[known]
    if len(a) < MIN_LENGTHS or not a.std() or not b.std():
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _entity(table: pa.Table, column: Column) -> str:
    """Return "being", "place", or "" for a column that names no entity."""
    said = words(column.name)
    is_named_id = bool(set(said) & ID_WORDS)
    # `students` counts them, `students_id` tells them apart.
    named = {word.removesuffix("s") for word in said} if is_named_id else set(said)
    is_own = set(said) <= OWN_WORDS
    if column.kind not in ("category", "text", "number"):
        return ""
    if not (is_own or named & (BEINGS | PLACES)):
        return ""
    if not (is_named_id or len(said) == 1) or said[0] in ("num", "number", "no", "n", "count"):
        return ""
    if not _repeats(table[column.name]) or not _are_names(table[column.name], column):
        return ""
    return "being" if named & BEINGS else "place"


def _repeats(values: pa.ChunkedArray) -> bool:
    """Tell whether there are many values, most of them more than once, none too often."""
    counted = pc.value_counts(values.drop_null())
    counts = np.asarray(counted.field("counts").to_numpy())
    rows = int(counts.sum())
    if len(counts) < MIN_ENTITIES or rows < len(values) / 2:
        return False
    repeated = counts[counts > 1].sum() / rows
    return bool(repeated >= MIN_REPEATED and counts.max() <= MAX_ENTITY_SHARE * rows)


def _are_names(values: pa.ChunkedArray, column: Column) -> bool:
    """Tell whether values read like names of things: whole numbers, or texts without blanks."""
    if column.kind == "number":
        numbers = to_array(values, "number")
        known = numbers[~np.isnan(numbers)]
        return bool(np.isfinite(known).all() and (known == np.round(known)).all())
    some = pc.cast(values.drop_null().slice(0, SAMPLE), pa.string()).to_pylist()
    return all(len(text.split()) <= 2 for text in some)


def propose_horizon(
    table: pa.Table, columns: Sequence[Column], target: str, time: str | None, late: Sequence[str]
) -> tuple[str | None, str, bool]:
    """Return a horizon, why, and whether it is sure enough to be taken without asking.

    It stands in the target's name (`readmitted_30d`), or is the time after which 95 % of a late
    date column lie. None if nothing suggests one, or no date orders the rows.
    """
    kinds = {column.name: column.kind for column in columns}
    if time is None or kinds.get(time) != "datetime":
        return None, "", False
    moments = to_array(table[time], "datetime")
    if (text := named_duration(target)) is not None:
        known, step = moments[moments != NAT], duration_us(text)
        fits = 0 < step <= MAX_GAP_SHARE * np.ptp(known) if len(known) else False
        return text, f"the target is called {target}", bool(fits)
    for name in late:
        if kinds.get(name) == "datetime":
            lag = _lag(moments, to_array(table[name], "datetime"))
            if lag:
                return lag, f"95 % of {name} lie within it after {time}", False
    return None, "", False


def _lag(start: Array, end: Array) -> str | None:
    """Return how long after `start` 95 % of `end` lie, rounded up; None if it is not after it."""
    known = (start != NAT) & (end != NAT)
    lags = (end - start)[known]
    if not len(lags) or (lags < 0).mean() > 0.05 or not (lags > 0).any():
        return None
    return rounded_up(float(np.quantile(lags, 0.95)))
