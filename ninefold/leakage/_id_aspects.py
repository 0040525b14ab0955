"""What of an identifier may tell a target: its order, its remainders, its letters and pieces."""

import re

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case

UNIQUE = 0.98
"""Share of distinct values from which a column tells rows apart, and of whole numbers."""
COARSE = 12
"""Bins of an order: a file sorted by entity has more runs than that, one by outcome fewer."""
MOST_LEVELS = 40
PIECE = re.compile(r"[A-Za-z]+|\d+")
MAX_PIECES = 6
Aspects = dict[str, Array]


def numbers_of(case: Case, name: str) -> Array:
    """Return a column of numbers or moments as float64 `(N,)`, NaN where missing."""
    values = case.frame[name].astype(np.float64)
    return np.where(case.is_missing(name), np.nan, values)


def aspects(case: Case, name: str) -> Aspects:
    """Return the order and the pieces of an identifier, as bins `(N,)` each."""
    bins = int(np.clip(len(case) // 10, 4, COARSE))
    if case.frame.column(name).kind in ("number", "datetime"):
        values = numbers_of(case, name)
        aspects = {"order": binned(values, bins)}
        known = np.isfinite(values) & (np.abs(values) < 2.0**53)
        whole = known & (values == np.round(values))
        if whole.mean() > UNIQUE:
            number = np.where(whole, values, 0).astype(np.int64)
            for base in (2, 3, 4, 5, 7, 9, 10, 16, 100):
                aspects[f"remainder of {base}"] = np.abs(number) % base
        return aspects
    texts = case.frame[name].astype(str)
    return {"order": _order(texts, bins), **_pieces(texts)}


def _order(texts: Array, bins: int) -> Array:
    return binned(np.unique(texts, return_inverse=True)[1].astype(np.float64), bins)


def _pieces(texts: Array) -> Aspects:
    """Return letters, groups of letters or digits, and length of names, where they repeat."""
    split = [PIECE.findall(text)[:MAX_PIECES] for text in texts]
    cut: dict[str, list[str]] = {
        "length": [str(len(text)) for text in texts],
        "first letter": [text[:1] for text in texts],
        "first two letters": [text[:2] for text in texts],
        "last letter": [text[-1:] for text in texts],
        "last two letters": [text[-2:] for text in texts],
    }
    for i in range(min(MAX_PIECES, max(map(len, split), default=0))):
        cut[f"part {i + 1}"] = [parts[i] if i < len(parts) else "" for parts in split]
    if len({len(text) for text in texts}) == 1:
        cut |= {f"letter {i + 1}": [t[i] for t in texts] for i in range(min(len(texts[0]), 24))}
    codes = {by: np.unique(np.array(v), return_inverse=True)[1] for by, v in cut.items()}
    return {by: code for by, code in codes.items() if code.max() < MOST_LEVELS}
