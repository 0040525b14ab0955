"""How far stretches of the train rows lie from all of them: a few days never look like a year."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, is_missing, spread
from ninefold.freshness.measuring import measured

PARTS = (4, 8, 16, 32, 64, 128, 256)
"""The time of training is cut into so many stretches of the same length."""
MOST, MIN_ROWS = 24, 20
"""So many stretches of a length are looked at, with so many rows at least."""

Key = tuple[str, str, str]


def key(item: Mapping[str, Any]) -> Key:
    """Return what a comparison is of: the column, the one it goes with, and what is compared."""
    return str(item["column"]), str(item.get("with", "")), str(item["what"])


def stretches(content: Mapping[str, Any], train: Frame, when: Array) -> list[dict[str, Any]]:
    """Return for some lengths of time how large a comparison of train rows that follow each other
    with all of them comes out at most.

    `when (N,)` is the time of each row, NaN where it is missing; `content` the reference.
    """
    known = np.flatnonzero(np.isfinite(when))
    if not len(known) or not (length := float(np.ptp(when[known]))):
        return []
    found = []
    for parts in PARTS:
        part = np.minimum((when[known] - when[known].min()) * parts / length, parts - 1).astype(int)
        full = np.flatnonzero(np.bincount(part) >= MIN_ROWS)
        largest: dict[Key, float] = {}
        for at in full[spread(len(full), MOST)]:
            for item in measured(content, train.take(known[part == at])):
                largest[key(item)] = max(item["size"], largest.get(key(item), 0.0))
        sizes = [[*names, size] for names, size in largest.items() if size]
        found += [{"span": length / parts, "sizes": sizes}] if len(full) else []
    return found


def usual_sizes(reference: Mapping[str, Any], fresh: Frame) -> dict[Key, float]:
    """Return the largest comparisons of stretches of training about as long as the fresh rows' own:
    of the next shorter length and of the next longer.
    """
    name = str(reference.get("time"))
    if name not in fresh.data or not reference.get("stretches"):
        return {}
    when = fresh[name][~is_missing(fresh.column(name).kind, fresh[name])].astype(np.float64)
    span = float(np.ptp(when)) if len(when) else 0.0
    by_length = sorted(reference["stretches"], key=lambda item: item["span"])
    at = sum(item["span"] <= span for item in by_length)
    largest: dict[Key, float] = {}
    for item in by_length[max(at - 1, 0) : at + 1]:
        for column, other, what, size in item["sizes"]:
            largest[column, other, what] = max(size, largest.get((column, other, what), 0.0))
    return largest
