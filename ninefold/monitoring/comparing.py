"""Tests of what was counted against the reference, corrected for how many there are."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.export.describe import next_after
from ninefold.freshness.measuring import rates, stability
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.reference import Reference
from ninefold.signature import Signature

OTHER = "all others"
SEVERITIES = ("block", "warn", "pass")
NAMES = {"label": "labels", "probability": "probabilities", "value": "values"}


def compare(
    reference: Reference,
    signature: Signature,
    counts: Mapping[str, Any],
    spec: MonitorSpec,
    outside: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Compare missing rates, inputs and predictions with the train rows; worst first.

    Numbers by Kolmogorov-Smirnov at the train deciles (a lower bound of the statistic, so no false
    alarm comes of it) and by how many are `outside` the range of training (input -> rows), levels
    by chi-square, missing rates by a test of rates. Moments move by themselves: datetime inputs are
    compared by their missing rate only.
    """
    from scipy.stats import false_discovery_control

    found = [
        *_inputs(reference, signature, counts, spec),
        *_outside(reference, signature, counts, spec, outside or {}),
        *_predictions(reference, counts, spec),
    ]
    if not found:
        return []
    adjusted = false_discovery_control([item["p"] for item in found], method="bh")
    for item, q in zip(found, adjusted.tolist(), strict=True):
        limits = item.pop("limits")
        item |= {"q": q, "severity": _severity(item["size"], q, limits, spec)}
        if counts["rows"] < spec.min_rows:
            item["severity"] = "pass"
    return sorted(
        found, key=lambda i: (SEVERITIES.index(i["severity"]), -i["size"], i["column"], i["what"])
    )


def _severity(
    size: float, q: float, limits: tuple[float | None, float | None], spec: MonitorSpec
) -> str:
    warn, block = limits
    if q > spec.alpha:
        return "pass"
    if block is not None and size >= block:
        return "block"
    return "warn" if warn is not None and size >= warn else "pass"


def _inputs(
    reference: Reference, signature: Signature, counts: Mapping[str, Any], spec: MonitorSpec
) -> list[dict[str, Any]]:
    kinds = {item.name: item.kind for item in signature.inputs}
    marks = dict(_flat(reference.inputs))
    found: list[dict[str, Any]] = []
    for name, now in counts["inputs"].items():
        known = marks[name]
        before = round(known.get("missing", 0.0) * reference.rows)
        gaps = rates(name, before, reference.rows, now["missing"], counts["rows"])
        gaps.pop("is_large")
        gaps |= {"part": "input", "limits": (spec.missing_warn, spec.missing_block)}
        found.append(gaps)
        if kinds.get(name) != "datetime" and sum(now["counts"]):
            limits = (spec.input_warn, spec.input_block)
            present = reference.rows - before
            item = _values(known, now["counts"], present)
            said = f"input `{name}` is distributed otherwise (PSI {item['size']:.2f})"
            more = {"part": "input", "column": name, "limits": limits, "message": said}
            found.append(item | more)
    return found


def _outside(
    reference: Reference,
    signature: Signature,
    counts: Mapping[str, Any],
    spec: MonitorSpec,
    outside: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Compare how many cells lie where no train row's did: few of them move no decile."""
    found = []
    for item in signature.inputs:
        if item.kind != "number" or item.minimum is None or item.name not in counts["inputs"]:
            continue
        now = outside.get(item.name, 0)
        held = rates(item.name, 0, reference.rows, now, counts["rows"])
        held.pop("is_large")
        said = f"`{item.name}` lies out of the range of training in {held['now']:.1%} of the rows"
        limits = (spec.range_warn, spec.range_block)
        found.append(held | {"what": "range", "part": "input", "limits": limits, "message": said})
    return found


def _flat(inputs: Mapping[str, Any]) -> Sequence[tuple[str, Any]]:
    """Return the marks by the names that the counter gives."""
    found: list[tuple[str, Any]] = []
    for name, marks in inputs.items():
        told = marks.get("told")
        if told is None:
            found.append((name, marks))
        else:
            found += [(f"{name}: {inner}", part) for inner, part in told.items()]
    return found


def _predictions(
    reference: Reference, counts: Mapping[str, Any], spec: MonitorSpec
) -> list[dict[str, Any]]:
    limits = (spec.prediction_warn, spec.prediction_block)
    found = []
    for name, now in counts["outputs"].items():
        marks = reference.outputs[name]
        is_one = reference.head is not None and not reference.head.each
        known = {"levels": marks, "other": None} if is_one and name == "label" else marks
        item = _values(known, now["counts"], reference.rows)
        what = NAMES[name] if is_one else f"`{name}`"
        said = f"predicted {what} are distributed otherwise (PSI {item['size']:.2f})"
        found.append(
            item | {"part": "prediction", "column": name, "limits": limits, "message": said}
        )
    return found


def _values(marks: Mapping[str, Any], now: Sequence[int], rows: int) -> dict[str, Any]:
    """Compare counts between marks with the reference's shares of `rows` values."""
    if "levels" in marks:
        shares = list(marks["levels"].values())
        names = list(marks["levels"])
        if marks.get("other") is not None:
            shares, names = [*shares, marks["other"]], [*names, OTHER]
    else:
        shares, names = list(marks["shares"]), []
    before, after = np.round(np.array(shares) * rows), np.array(now, dtype=np.float64)
    seen = (before + after) > 0
    bins = names or ranges(marks.get("edges", ()))
    size = stability(before[seen], after[seen])
    test, p = ("chi-square", _chi_square) if names else ("Kolmogorov-Smirnov", _smirnov)
    was, has = (counted / max(counted.sum(), 1) for counted in (before, after))
    at = int(np.argmax(np.abs(has - was)))
    moved = f": {has[at]:.0%} are {bins[at]}, in training {was[at]:.0%}"
    return {
        "what": "values", "test": test, "p": p(before[seen], after[seen]), "size": size,
        "before": was.tolist(), "now": has.tolist(),
        "levels": names, "edges": list(marks.get("edges", ())), "moved": moved,
    }  # fmt: skip


def ranges(edges: Sequence[float]) -> list[str]:
    """Name what lies between the edges `(E,)` of a reference, as `(E + 1,)` words."""
    if not len(edges):
        return ["all"]
    after = {high for low, high in pairwise(edges) if high == next_after(np.array(low))}
    shown = [f"{edge:.3g}" for edge in edges]
    words = [f"below {shown[0]}"]
    for place, (low, high) in enumerate(pairwise(edges)):
        start = f"above {shown[place - 1]}" if low in after else shown[place]
        words.append(shown[place] if high in after else f"{start} to {shown[place + 1]}")
    last = f"above {shown[-2]}" if edges[-1] in after else f"from {shown[-1]}"
    return [*words, last]


def _chi_square(before: Array, now: Array) -> float:
    from scipy.stats import chi2_contingency

    if len(before) < 2 or not before.sum() or not now.sum():
        return 1.0
    return float(chi2_contingency(np.array([before, now])).pvalue)


def _smirnov(before: Array, now: Array) -> float:
    from scipy.stats import kstwobign

    n, m = before.sum(), now.sum()
    if not n or not m:
        return 1.0
    distance = np.abs(np.cumsum(before) / n - np.cumsum(now) / m).max()
    return float(kstwobign.sf(distance * np.sqrt(n * m / (n + m))))
