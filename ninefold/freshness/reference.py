"""What is kept of the train rows for a later comparison: gaps, quantiles, levels; no rows."""

from collections.abc import Collection
from typing import Any

import numpy as np

from ninefold import dates
from ninefold.columns import Array, Column, Frame, is_missing
from ninefold.describing import described, described_names
from ninefold.freshness.grades import graded_pairs
from ninefold.freshness.measuring import days_between, words
from ninefold.freshness.pairs import strong_pairs
from ninefold.freshness.seasons import month_ranges
from ninefold.freshness.stretches import stretches
from ninefold.freshness.vocabulary import common_shares, common_words

BINS = 10
QUANTILES = 201
MAX_LEVELS = 50
VALUES = ("quantiles", "cuts", "counts", "levels", "other", "present", "months", "vocabulary",
          "lag")  # fmt: skip
"""What a reference says of a column's values."""
TREND, MIN_ROWS = 0.9, 20
"""Rank correlation with time above which a number is a clock of its own."""


def reference(
    train: Frame, masked: Collection[str] = (), time: str | None = None
) -> dict[str, Any]:
    """Return the reference of the raw columns: of `masked` ones only how often they are missing.

    So of a number or date that grows or falls with `time`, such as a counter or the end of what
    began then: later rows always lie elsewhere. Of such a date it says how long it is after `time`,
    of the others how far stretches of time lie elsewhere.
    """
    masked, train = described_names(train.columns, masked), described(train)
    columns = [c for c in train.columns if "derived" not in c.roles]
    when = None
    if time and time in train.data:
        gone = is_missing(train.column(time).kind, train[time])
        when = np.where(gone, np.nan, train[time].astype(np.float64))
    content = [
        _describe(c, train[c.name], c.name in masked or _moves(c, train[c.name], when))
        for c in columns
    ]
    if when is not None and train.column(str(time)).kind == "datetime":
        for item in content:
            is_bare = "cuts" not in item and not {*item["roles"]} & {"id", "time", "group"}
            if item["kind"] == "datetime" and is_bare and item["name"] not in masked:
                lag = _quantiles(days_between(when, train[item["name"]]))
                item |= {"lag": lag} if lag and time not in masked else {}
            if "cuts" in item and item["kind"] == "number":
                months = month_ranges(train[item["name"]].astype(np.float64), when)
                item |= {"months": months} if months else {}
    numbers = [c["name"] for c in content if "cuts" in c and c["kind"] == "number"]
    levels = [c["name"] for c in content if "levels" in c]
    clock = None if when is None or time in masked else time
    told = {
        "rows": len(train),
        "columns": content,
        "pairs": strong_pairs(train, numbers),
        "graded": graded_pairs(train, levels, numbers, clock),
    }
    if when is None:
        return told
    told["time"] = time
    return {**told, "stretches": stretches(told, train, when)}


def without_values(content: dict[str, Any], masked: Collection[str]) -> dict[str, Any]:
    """Return a reference that tells of the columns `masked` only how often they are missing, also
    where it was written before they were.
    """
    columns = [
        {key: value for key, value in column.items() if key not in VALUES}
        if column["name"] in masked
        else column
        for column in content["columns"]
    ]
    ties = {
        key: [pair for pair in content.get(key, ()) if not {*pair["columns"]} & {*masked}]
        for key in ("pairs", "graded")
    }
    return {**content, "columns": columns, **ties}


def _moves(column: Column, values: Array, when: Array | None) -> bool:
    """Tell whether a number or date goes with the time of its rows."""
    from scipy.stats import spearmanr

    if when is None or column.kind not in ("number", "datetime"):
        return False
    values = np.where(is_missing(column.kind, values), np.nan, values.astype(np.float64))
    known = np.isfinite(values) & np.isfinite(when)
    if known.any() and (values == dates.years(np.nan_to_num(when).astype(np.int64)))[known].all():
        return True  # such as the one year of all train rows
    if known.sum() < MIN_ROWS or np.ptp(when[known]) == 0 or np.ptp(values[known]) == 0:
        return False
    return bool(abs(spearmanr(values[known], when[known]).statistic) > TREND)


def _describe(column: Column, values: Array, is_bare: bool) -> dict[str, Any]:
    missing = is_missing(column.kind, values)
    content: dict[str, Any] = {**column.to_json(), "missing": int(missing.sum())}
    present = values[~missing]
    if is_bare or column.roles & {"id", "time", "group"} or not len(present):
        return content
    if column.kind == "text":
        content |= _quantiles(words(present))
        common = common_words(present)
        told = {"common": common, **_quantiles(common_shares(present, common))}
        return content | ({"vocabulary": told} if common else {})
    if column.kind in ("number", "datetime"):
        return content | _quantiles(present.astype(np.float64))
    return content | _levels(present)


def _quantiles(values: Array) -> dict[str, Any]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return {}
    steps = np.linspace(0, 1, QUANTILES)
    known = np.quantile(finite, steps, method="inverted_cdf")
    cuts = np.unique(np.quantile(finite, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
    counts = np.bincount(np.searchsorted(cuts, finite, side="left"), minlength=len(cuts) + 1)
    return {"quantiles": known.tolist(), "cuts": cuts.tolist(), "counts": counts.tolist(),
            "present": len(finite)}  # fmt: skip


def _levels(values: Array) -> dict[str, Any]:
    names, counts = np.unique(values.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
    kept = {str(names[i]): int(counts[i]) for i in order.tolist()}
    return {"levels": kept, "other": int(len(values) - sum(kept.values())), "present": len(values)}
