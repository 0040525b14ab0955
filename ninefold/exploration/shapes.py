"""How the target moves along a column: its mean or the share of a class, bin by bin."""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame, class_names
from ninefold.exploration.view import View

MAX_BINS = 8
DIGITS = 9
"""Digits of the range of the values that tell them apart."""
OFTEN = 0.3
Z = 1.96


def shape(view: View, name: str, y: Array) -> dict[str, Any]:
    """Return the bins of a column with the mean of `y` `(N,)` in each and its interval.

    `y` is 0 or 1 for a class, or numbers. Numbers and dates are cut at quantiles; of levels the
    most frequent are shown; missing values are a bin of their own.
    """
    labels, codes = _bins(view.frame, name, view.numbers[name])
    known = ~np.isnan(y)
    bins = []
    for code, label in enumerate(labels):
        inside = y[known & (codes == code)]
        if len(inside):
            bins.append({"label": label, **_estimate(inside)})
    return {"column": name, "kind": view.frame.column(name).kind, "bins": bins}


def _bins(frame: Frame, name: str, numbers: Array) -> tuple[list[str], Array]:
    """Return the bins' labels and which bin each row is in `(N,)`, -1 for none."""
    kind = frame.column(name).kind
    missing = np.isnan(numbers)
    codes = np.full(len(numbers), -1)
    if kind in ("number", "datetime") and not missing.all():
        if kind == "number":
            numbers = _same(numbers)
        labels, codes[~missing] = _in_order(*_cut(kind, numbers[~missing]), numbers[~missing])
    else:
        texts = class_names(kind, frame[name])
        names, counts = np.unique(texts[~missing].astype(str), return_counts=True)
        labels = [str(n) for n in names[np.argsort(-counts, kind="stable")][:MAX_BINS]]
        for code, label in enumerate(labels):
            codes[~missing & (texts == label)] = code
    if missing.any():
        codes[missing] = len(labels)
        labels = [*labels, "missing"]
    return labels, codes


def _same(numbers: Array) -> Array:
    """Return numbers of which those that only rounding tells apart are the same."""
    span = float(np.nanmax(numbers) - np.nanmin(numbers))
    digits = DIGITS - math.ceil(math.log10(span)) if 0 < span < math.inf else None
    return numbers if digits is None else np.round(numbers, digits)


def _in_order(labels: list[str], codes: Array, values: Array) -> tuple[list[str], Array]:
    """Put the bins of `codes` `(N,)` in the order of the values in them."""
    rows = np.maximum(np.bincount(codes, minlength=len(labels)), 1)
    order = np.argsort(np.bincount(codes, values, len(labels)) / rows, kind="stable")
    return [labels[code] for code in order.tolist()], np.argsort(order)[codes]


def _cut(kind: str, values: Array) -> tuple[list[str], Array]:
    """Cut numbers at quantiles; few levels, and a value that many rows have, are bins alone."""
    levels, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    span = float(levels[-1] - levels[0])
    if len(levels) <= MAX_BINS:
        return [_word(kind, level, span) for level in levels.tolist()], inverse
    mode = int(counts.argmax())
    if counts[mode] >= OFTEN * len(values):
        others = inverse != mode
        labels, inner = _cut(kind, values[others])
        codes = np.zeros(len(values), dtype=int)
        codes[others] = inner + 1
        return [_word(kind, levels[mode], span), *labels], codes
    steps = np.linspace(0, 1, MAX_BINS + 1)
    cuts = np.unique(np.quantile(values, steps, method="inverted_cdf"))
    words = [_word(kind, cut, span) for cut in cuts.tolist()]
    if kind == "datetime" and len({word[:7] for word in words}) == len(words):
        words = [word[:7] for word in words]
    return [f"{a} – {b}" for a, b in pairwise(words)], np.searchsorted(cuts[1:-1], values)


def _word(kind: str, value: float, span: float) -> str:
    if kind == "datetime":
        return str(np.datetime64(int(value), "us"))[:10]
    if 1e4 <= abs(value) < 1e7:
        return f"{float(f'{value:.4g}'):,.0f}"
    return "0" if abs(value) < 1e-9 * span else f"{value:.4g}"


def _estimate(values: Array) -> dict[str, Any]:
    """Return the mean with its 95 % interval: Wilson's for shares, normal for numbers."""
    n, mean = len(values), float(values.mean())
    if set(np.unique(values)) <= {0.0, 1.0}:
        centre = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z * np.sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
        return {"rows": n, "value": mean, "low": max(0.0, float(centre - half)),
                "high": min(1.0, float(centre + half))}  # fmt: skip
    half = Z * float(values.std(ddof=1)) / np.sqrt(n) if n > 1 else 0.0
    return {"rows": n, "value": mean, "low": mean - half, "high": mean + half}
