"""Numbers that go together in training: do they in fresh rows, or was a column moved by a row?"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from ninefold.columns import Array, Frame

STRONG, MAX_COLUMNS, MIN_ROWS = 0.5, 60, 50
"""Rank correlation from which a pair is kept; numbers that are looked at; rows it takes."""
LARGE = 0.3
"""A change of the correlation that matters."""
MOVES = (1, -1, 2, -2, 3, -3)
NEAR = 0.1


def strong_pairs(train: Frame, names: Collection[str]) -> list[dict[str, Any]]:
    """Return for each of the numbers `names` the one it goes best with, where that is strong."""
    numbers = [*names][:MAX_COLUMNS]
    values = np.array([train[name].astype(np.float64) for name in numbers])
    if len(numbers) < 2 or values.shape[1] < MIN_ROWS:
        return []
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for i, best in enumerate(_partners(values)):
        for j in best:
            rho, rows = _correlation(values[i], values[j])
            first, second = sorted((i, int(j)))
            if abs(rho) >= STRONG and rows >= MIN_ROWS:
                pair = numbers[first], numbers[second]
                found[pair] = {"columns": list(pair), "correlation": rho, "rows": rows}
    return list(found.values())


def _partners(values: Array) -> list[Array]:
    """Return for each row of `values (C, N)` the other that its ranks go best with."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=1, nan_policy="omit")
    ranks -= np.nanmean(ranks, axis=1, keepdims=True)
    ranks = np.nan_to_num(ranks)
    size = np.sqrt((ranks**2).sum(axis=1))
    size[size == 0] = np.inf
    alike = np.abs(ranks @ ranks.T) / np.outer(size, size)
    np.fill_diagonal(alike, -1)
    return [np.array([row.argmax()]) for row in alike]


def _correlation(one: Array, other: Array) -> tuple[float, int]:
    """Return Spearman's rank correlation of the rows that have both, and how many have."""
    from scipy.stats import spearmanr

    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or np.ptp(one[known]) == 0 or np.ptp(other[known]) == 0:
        return 0.0, int(known.sum())
    return float(spearmanr(one[known], other[known]).statistic), int(known.sum())


def compare_pairs(pairs: Iterable[Mapping[str, Any]], fresh: Frame) -> list[dict[str, Any]]:
    """Compare rank correlations by Fisher's z, its variance after Bonett and Wright (2000)."""
    kinds = {column.name: column.kind for column in fresh.columns}
    found = []
    for pair in pairs:
        if all(kinds.get(name) == "number" for name in pair["columns"]):
            one, other = (fresh[name].astype(np.float64) for name in pair["columns"])
            found.append(_pair(pair, one, other))
    return [item for item in found if item is not None]


def _pair(pair: Mapping[str, Any], one: Array, other: Array) -> dict[str, Any] | None:
    was, before = float(pair["correlation"]), int(pair["rows"])
    now, rows = _correlation(one, other)
    if rows < MIN_ROWS:
        return None
    a, b = pair["columns"]
    return apart((a, b), f"`{a}`", (was, before), (now, rows), moved_by(one, other, was, now))


def apart(
    columns: tuple[str, str], called: str, then: tuple[float, int], today: tuple[float, int],
    moved: str,
) -> dict[str, Any]:  # fmt: skip
    """Return the comparison of two correlations, each with its number of rows.

    `called` is what the first of the `columns` is told as, `moved` by how many rows the other looks
    moved.
    """
    from scipy.stats import norm

    (was, before), (now, rows), (a, b) = then, today, columns
    spread = np.sqrt((1 + was**2 / 2) / (before - 3) + (1 + now**2 / 2) / (rows - 3))
    turns = np.arctanh(np.clip([was, now], -1 + 1e-9, 1 - 1e-9))
    said = f": `{b}` looks moved by {moved} against {called}" if moved else ""
    return {
        "column": a, "with": b, "what": "together", "test": "Fisher's z of rank correlations",
        "p": float(2 * norm.sf(abs(turns[1] - turns[0]) / spread)), "size": abs(now - was),
        "before": was, "now": now, "is_large": abs(now - was) >= LARGE,
        "message": f"{called} and `{b}` no longer go together (rank correlation {now:.2f}, in "
        f"training {was:.2f}){said}",
    }  # fmt: skip


def moved_by(one: Array, other: Array, was: float, now: float) -> str:
    """Word by how many rows `other` must be moved back so that both go together as before."""
    if abs(now - was) < LARGE:
        return ""
    for step in MOVES:
        a, b = (one[:-step], other[step:]) if step > 0 else (one[-step:], other[:step])
        if abs(_correlation(a, b)[0] - was) <= NEAR:
            return f"{abs(step)} row{'s' * (abs(step) > 1)}"
    return ""
