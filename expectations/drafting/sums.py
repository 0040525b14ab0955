"""One number made of others: the sum or product of two, the sum of more."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from expectations.expressions import quoted
from expectations.sample import Rule, Sample, rule
from ninefold.columns import Array

ORDER = 85
MIN_ROWS = 50
MAX_COLUMNS = 30
LOOK, LIKELY = 32, 0.8
"""Rows on which candidates are tried before all rows are asked."""
TOLERANCE = 1e-6
MOST_BROKEN = 0.03
"""So few rows that break an equality which holds in all others are mistakes, and named."""
MIN_LEVELS = 5
MATTERS = 10
"""A part of few values, such as what was added for delivery, must have told in so many rows."""
WHOLE = 0.9
"""Sums of more than two are looked for among columns with so few gaps ..."""
FITTED, EXACT = 2000, 1e-4
"""... in so many rows, with weights as near to 1 or 0."""

Made = tuple[tuple[int, int], int, str, int, int]
"""Positions of the parts and of what they make, how, and in how many rows of how many."""


def rules(sample: Sample) -> Iterator[Rule]:
    """Expect c == a + b, or c == a * b, where every train row says so, or all but a few.

    What all rows say of more columns goes before what all but a few say of two.
    """
    numbers = [c for c in sample.of_kind("number") if not c.roles & {"id"}]
    names = [c.name for c in numbers if _varies(sample.present(c.name), 2)][:MAX_COLUMNS]
    if len(names) < 3:
        return
    values = np.column_stack([sample.values[name] for name in names])
    exact, broken = _pairs(values)
    totals = {k for _, k, *_ in exact}
    longer = list(_longer(values, totals))
    for pair, k, sign, rows, held in [*exact, *(item for item in broken if item[1] not in totals)]:
        a, b, c = (quoted(names[n]) for n in (*pair, k))
        gone = " or ".join(f"missing({n})" for n in (a, b, c))
        made = f"({a} + {b})" if sign == "+" else f"{a} * {b}"
        count = f"all {rows}" if held == rows else f"{held} of {rows}"
        yield rule("expect_rows_to_satisfy", "warn", f"so in {count} rows with all three",
                   expression=f"{gone} or abs({c} - {made}) <= {_room(values[:, k]):g}"
                   )  # fmt: skip

    for parts, k in longer:
        total, room = quoted(names[k]), _room(values[:, k])
        listed = [quoted(names[part]) for part in parts]
        known = int(np.isfinite(values[:, [*parts, k]]).all(axis=1).sum())
        gone = " or ".join(f"missing({name})" for name in [*listed, total])
        yield rule("expect_rows_to_satisfy", "warn", f"so in all {known} rows with all of them",
                   expression=f"{gone} or abs({total} - ({' + '.join(listed)})) <= {room:g}"
                   )  # fmt: skip


def _pairs(values: Array) -> tuple[list[Made], list[Made]]:
    """Return what is made of two others: in every row, and in all but a few."""
    exact: list[Made] = []
    broken: list[Made] = []
    taken: set[frozenset[int]] = set()
    for sign, join in (("+", np.add), ("*", np.multiply)):
        for (i, j), k in _candidates(values, join):
            key = frozenset((i, j, k))
            rows, held = _holds(values[:, i], values[:, j], values[:, k], join)
            if key in taken or rows < MIN_ROWS:
                continue
            taken.add(key)
            (exact if held == rows else broken).append(((i, j), k, sign, rows, held))
    return exact, broken


def _longer(values: Array, known: set[int]) -> Iterator[tuple[list[int], int]]:
    """Yield columns that are the sum of three or more others in every row, and their parts.

    Least squares tells the parts: what belongs to a sum has the weight 1, what does not 0.
    """
    usual = np.flatnonzero(np.isfinite(values).mean(axis=0) >= WHOLE)
    X = values[:, usual]
    rows = np.flatnonzero(np.isfinite(X).all(axis=1))[:FITTED]
    if len(usual) < 4 or len(rows) < MIN_ROWS + len(usual):
        return
    usual = usual[_apart(X[rows])]
    X = values[np.ix_(rows, usual)]
    scale = np.abs(X).max(axis=0)
    for at, k in enumerate(usual.tolist()):
        others = np.delete(np.arange(len(usual)), at)
        if k in known or not _varies(X[:, at], MIN_LEVELS):
            continue
        found = np.linalg.lstsq(X[:, others] / scale[others], X[:, at], rcond=None)[0]
        weights = found / scale[others]
        share = np.abs(weights) * scale[others] / scale[at]
        parts = others[np.abs(weights - 1) <= EXACT]
        is_rest_nothing = (share[np.abs(weights - 1) > EXACT] <= EXACT).all()
        if len(parts) < 3 or not is_rest_nothing:
            continue
        columns = usual[parts].tolist()
        whole = np.isfinite(values[:, [*columns, k]]).all(axis=1)
        added = values[whole][:, columns]
        gap = np.abs(added.sum(axis=1) - values[whole, k])
        if ((added != 0).sum(axis=0) >= MATTERS).all() and (gap <= _room(values[:, k])).all():
            known.add(k)
            yield columns, k


def _apart(X: Array) -> Array:
    """Return the positions of columns that vary and are no earlier one times a number."""
    varying = np.flatnonzero(np.ptp(X, axis=0) > 0)
    alike = np.abs(np.corrcoef(X[:, varying].T)) > 1 - TOLERANCE**2
    return varying[~np.triu(np.atleast_2d(alike), 1).any(axis=0)]


def _varies(values: Array, levels: int) -> bool:
    finite = values[np.isfinite(values)]
    return len(finite) >= MIN_ROWS and len(np.unique(finite)) >= levels


def _room(total: Array) -> float:
    """Return how far apart the two sides may lie: rounding of what was summed."""
    finite = np.abs(total[np.isfinite(total)])
    return float(
        f"{TOLERANCE * max(float(np.quantile(finite, 0.99, method='inverted_cdf')), 1e-9):.1g}"
    )


def _candidates(values: Array, join: np.ufunc) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield pairs and the column that they make on the first few rows without a gap."""
    finite = np.isfinite(values)
    for i, j in combinations(range(values.shape[1]), 2):
        both = finite[:, i] & finite[:, j]
        for k in range(values.shape[1]):
            if k in (i, j):
                continue
            rows = np.flatnonzero(both & finite[:, k])[:LOOK]
            if len(rows) < LOOK:
                continue
            with np.errstate(all="ignore"):
                made = join(values[rows, i], values[rows, j])
            alike = np.isclose(made, values[rows, k], rtol=TOLERANCE, atol=0)
            if alike.mean() >= LIKELY:
                yield (i, j), k


def _holds(a: Array, b: Array, c: Array, join: np.ufunc) -> tuple[int, int]:
    """Return on how many rows the rule could be seen, and held; 0 if too many break it.

    Too many of all, or of those where neither part alone told the same: nothing times x is nothing.
    """
    known = np.isfinite(a) & np.isfinite(b) & np.isfinite(c)
    with np.errstate(all="ignore"):
        made = join(a[known], b[known])
    told = (made != a[known]) & (made != b[known])
    if len(np.unique(made)) < MIN_LEVELS or told.sum() < MATTERS:
        return 0, 0
    held = np.abs(made - c[known]) <= _room(c)
    if min(held.mean(), held[told].mean()) < 1 - MOST_BROKEN:
        return 0, 0
    return int(known.sum()), int(held.sum())
