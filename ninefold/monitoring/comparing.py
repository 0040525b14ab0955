"""Tests of what was counted against the reference, corrected for how many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.freshness.comparing import rates, stability
from ninefold.monitoring import MonitorSpec
from ninefold.monitoring.reference import Reference
from ninefold.signature import Signature

OTHER = "all others"
SEVERITIES = ("block", "warn", "pass")
NAMES = {"label": "labels", "probability": "probabilities", "value": "values"}


def compare(
    reference: Reference, signature: Signature, counts: Mapping[str, Any], spec: MonitorSpec
) -> list[dict[str, Any]]:
    """Compare missing rates, inputs and predictions with the train rows; worst first.

    Numbers by Kolmogorov-Smirnov at the train deciles (a lower bound of the statistic, so no false
    alarm comes of it), levels by chi-square, missing rates by a test of rates. Moments move by
    themselves: datetime inputs are compared by their missing rate only.
    """
    from scipy.stats import false_discovery_control

    found = [
        *_inputs(reference, signature, counts, spec),
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
    size = stability(before[seen], after[seen])
    test, p = ("chi-square", _chi_square) if names else ("Kolmogorov-Smirnov", _smirnov)
    return {
        "what": "values", "test": test, "p": p(before[seen], after[seen]), "size": size,
        "before": (before / max(before.sum(), 1)).tolist(),
        "now": (after / max(after.sum(), 1)).tolist(),
        "levels": names, "edges": list(marks.get("edges", ())),
    }  # fmt: skip


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
