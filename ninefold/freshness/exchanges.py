"""Two columns, or two levels, that look exchanged: each is distributed as the other was."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, is_missing

ALIKE = 0.4
"""Largest part of the former distance that may be left once two columns are exchanged back."""


def tell_exchanges(
    found: Sequence[dict[str, Any]], contents: Sequence[Mapping[str, Any]], fresh: Frame
) -> None:
    """Say in the messages of two shifted columns that they look exchanged."""
    known = {content["name"]: content for content in contents}
    shifted = [item for item in found if item["what"] == "values" and item["shifted"]]
    kinds = {column.name: column.kind for column in fresh.columns}
    for one, other in combinations(shifted, 2):
        a, b = one["column"], other["column"]
        if kinds[a] != kinds[b] or kinds[a] == "text":
            continue
        apart, back = (
            _distance(known[x], fresh, y) + _distance(known[p], fresh, q)
            for x, y, p, q in ((a, a, b, b), (a, b, b, a))
        )
        if back <= ALIKE * apart:
            one["message"] += f"; `{a}` and `{b}` look exchanged"
            other["message"] += f"; `{a}` and `{b}` look exchanged"


def _distance(content: Mapping[str, Any], fresh: Frame, name: str) -> float:
    """Return how far fresh values of a column lie from the reference of another: the largest
    difference of cumulated shares, or half the sum of those of levels.
    """
    kind, values = fresh.column(name).kind, fresh[name]
    present = values[~is_missing(kind, values)]
    if content.get("cuts"):
        return _of_numbers(content, present.astype(np.float64))
    levels = dict(content.get("levels") or {})
    total = sum(levels.values()) + int(content.get("other", 0))
    names, counts = np.unique(present.astype(str), return_counts=True)
    now = dict(zip(names.tolist(), (counts / max(len(present), 1)).tolist(), strict=True))
    was = {level: count / max(total, 1) for level, count in levels.items()}
    return float(sum(abs(now.get(k, 0.0) - was.get(k, 0.0)) for k in {*now, *was})) / 2


def _of_numbers(content: Mapping[str, Any], values: Array) -> float:
    known = np.array(content["quantiles"])
    last = np.searchsorted(known, known, side="right") - 1
    reached = np.searchsorted(np.sort(values), known, side="right") / max(len(values), 1)
    return float(np.abs(reached - np.linspace(0, 1, len(known))[last]).max())
