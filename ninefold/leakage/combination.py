"""target.combination: two or a few columns from which the target can be worked out."""

from collections.abc import Iterator
from itertools import combinations, product
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._comparisons import MAX_PAIRED, comparisons
from ninefold.leakage._identities import Fit, all_terms, most_terms
from ninefold.leakage._rounded import Rounded, rounded_identity
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_arrangements
from ninefold.leakage.telling import EQUAL

ROWS = 4000
WHOLE = 0.98
"""Share of rows in which a column must be known to stand in the first try, where the gaps of many
columns leave few rows."""
LARGEST = 1e75
"""Size of a number whose square can still be squared."""
MAX_COLUMNS = 60
MAX_LEVELS = 30
BINS, FIRST = 30, 300
"""Bins of a number that show what it tells alone, and rows in which thresholds must hold first."""
FEW_LEVELS = 12
"""Levels of a column each of which may have an amount, or a factor, of its own."""


class CombinationCheck(Check):
    """Sums, differences, products, ratios, limits by category and pairs of categories that give the
    target.

    Identities of a number are found by least squares on the columns, on their logarithms, on their
    squares, and on columns and logarithms together, with amounts or factors by level and by share
    (a discount), held against rows that were not fitted, and up
    to the number's rounding on the columns, their reciprocals and their logarithms; a comparison of
    two columns by the ROC area of their difference, their ratio, or a formula with a square, where
    neither alone says much. Columns that tell the target alone are left to other checks.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.combination",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        numbers = _numbers(case)
        if case.problem.task == "regression":
            found = _identity(case, numbers)
            if found is not None:
                yield found
            return
        seen: set[str] = set()
        for finding in (*_compared(case, numbers), *_pairs(case, numbers)):
            if not seen & set(finding.columns):
                seen |= set(finding.columns)
                yield finding


def _numbers(case: Case) -> dict[str, Array]:
    """Return the numeric features with many values and few gaps, as `(N,)` each."""
    found = {}
    for name in case.inputs:
        if case.frame.column(name).kind == "number":
            values = case.number(name)
            known = np.isfinite(values)
            if known.mean() > 0.7 and len(np.unique(values[known])) > 5:
                found[name] = values
    return found


def _identity(case: Case, numbers: dict[str, Array]) -> Finding | None:
    """Find a sum or a product of powers that gives the number to be predicted."""
    y = case.y
    names = list(numbers)[:MAX_COLUMNS]
    if len(names) < 2:
        return None
    x = np.column_stack([numbers[name] for name in names])
    known = np.isfinite(x)
    whole = [name for name, share in zip(names, known.mean(0), strict=True) if share >= WHOLE]
    if known.all(1).mean() < 0.5 and 2 <= len(whole) < len(names):
        first = _identity(case, {name: numbers[name] for name in whole})
        if first is not None:
            return first
    for fit in (all_terms, most_terms):
        for said, of, columns, goal in _designs(case, names, x):
            found = fit(columns, goal, of, case.seed)
            if found is not None:
                used = tuple(dict.fromkeys(of[i] for i in found.terms))
                return _identity_finding(case, used, said, found)
    rounded = rounded_identity(x, y, case.seed)
    return _rounded_finding(case, names, rounded) if rounded else None


def _designs(
    case: Case, names: list[str], x: Array
) -> Iterator[tuple[str, list[str], Array, Array]]:
    """Yield what a fit would say, the column behind each term, the terms, and what they give."""
    y = case.y
    yield "sum of multiples", names, x, y
    with np.errstate(all="ignore"):
        logs, goal = np.log(np.abs(x)), np.log(np.abs(y))
        squares = np.where(np.abs(x) < LARGEST, x, np.nan) ** 2
    usable = np.isfinite(logs).mean(0) > 0.7
    usual = [name for name, use in zip(names, usable, strict=True) if use]
    yield "product of powers", usual, logs[:, usable], goal
    yield "sum of multiples and squares", [*names, *names], np.hstack([x, squares]), y
    both = np.hstack([x, logs[:, usable]])
    yield "sum of multiples and logarithms", [*names, *usual], both, y
    leveled, levels = _levels(case, names)
    parts, shares = _shares(names, x)
    if leveled:
        yield "sum of multiples and amounts", [*names, *leveled], np.hstack([x, levels]), y
    if leveled or parts:
        factors = np.hstack([logs[:, usable], shares, levels])
        yield "product of powers and factors", [*usual, *parts, *leveled], factors, goal


def _levels(case: Case, numbers: list[str]) -> tuple[list[str], Array]:
    """Return the columns of few levels, and `(N, K)` which rows have each of them but the first."""
    of: list[str] = []
    columns: list[Array] = [np.empty((len(case), 0))]
    for name in case.inputs:
        codes = case.codes[name]
        if name not in numbers and len(of) < MAX_COLUMNS and 1 <= codes.max() < FEW_LEVELS:
            columns.append(codes[:, None] == np.arange(1, codes.max() + 1))
            of += [name] * int(codes.max())
    return of, np.hstack(columns).astype(np.float64)


def _shares(names: list[str], x: Array) -> tuple[list[str], Array]:
    """Return what is left of the whole, and the whole with them, by columns `(N, F)` of shares."""
    of: list[str] = []
    columns: list[Array] = [np.empty((len(x), 0))]
    for name, values in zip(names, x.T, strict=True):
        known = values[np.isfinite(values)]
        for whole in (1.0, 100.0):
            if whole / 100 < known.max() < whole and known.min() >= 0:
                columns.append(np.log1p(np.column_stack([-values, values]) / whole))
                of += [name, name]
    return of, np.hstack(columns)


def _identity_finding(case: Case, used: tuple[str, ...], said: str, found: Fit) -> Finding:
    listed = " and ".join(f"`{name}`" for name in used)
    evidence = {
        "rows_looked_at": found.rows,
        "share_of_variance_left": float(f"{found.left:.2g}"),
        "share_of_rows": round(found.share, 4),
    }
    where = "to the last digits" if found.share == 1 else f"in {found.share:.1%} of rows"
    what = f"`{case.problem.target}` is a {said} of {listed}, {where}"
    return _finding(case, used, evidence, what)


def _rounded_finding(case: Case, names: list[str], found: Rounded) -> Finding:
    used = tuple(names[i] for i in found.used)
    listed = " and ".join(f"`{name}`" for name in used)
    evidence = {"rows_looked_at": found.rows, "error_in_steps_of_rounding": round(found.error, 3)}
    what = f"`{case.problem.target}` is a {found.said} of {listed}, but for rounding"
    return _finding(case, used, evidence, what)


def _compared(case: Case, numbers: dict[str, Array]) -> Iterator[Finding]:
    for pair, evidence, what in comparisons(case, numbers):
        yield _finding(case, pair, evidence, what)


def _coded(case: Case) -> dict[str, Array]:
    """Return the features of few levels as codes `(N,)` from 0 on."""
    codes: dict[str, Array] = {}
    for name in case.inputs:
        levels = np.unique(case.codes[name], return_inverse=True)[1]
        if 1 <= levels.max() < MAX_LEVELS and len(codes) < MAX_PAIRED:
            codes[name] = levels
    return codes


def _pairs(case: Case, numbers: dict[str, Array]) -> Iterator[Finding]:
    """Find two categories, or a category and a number, that fix the class in every row.

    Neither does alone. A number does so by one threshold between two classes in each category, as a
    limit that each has. Not pairs that the split keeps apart: those of train tell nothing of test.
    """
    y = case.y
    counts = np.bincount(y)
    arranged = log10_arrangements(counts[counts > 0])
    base, classes = counts.max() / len(y), int((counts > 0).sum())
    codes = _coded(case)
    cut = {name: values for name, values in list(numbers.items())[:MAX_PAIRED] if name not in codes}
    alone = {name: _agreement(levels, y)[0] for name, levels in codes.items()}
    alone |= {name: _agreement(binned(values, BINS), y)[0] for name, values in cut.items()}
    for a, b in (*combinations(codes, 2), *product(codes, cut)):
        better = 1 - max(alone[a], alone[b])
        if better < max(0.25 * (1 - base), 0.02):
            continue
        if b in cut:
            both, cells = codes[a], int(codes[a].max()) + 1
            borders = _thresholds(both, cut[b], y)
            said = f"`{a}` and a threshold of `{b}` for each of its values fix"
        else:
            both = codes[a] * (codes[b].max() + 1) + codes[b]
            agreement, cells = _agreement(both, y)
            borders = 0 if agreement == 1 else None
            said = f"`{a}` and `{b}` together fix"
        if borders is None:
            continue
        chance = -arranged + cells * np.log10(classes) + borders * np.log10(len(y))
        if chance > SURE or case.power.together({a, b}, int(counts.argmax())) > EQUAL:
            continue
        if not np.isin(both[case.test], both[case.train]).any():
            continue
        yield _finding(
            case,
            (a, b),
            {
                "rows_looked_at": len(case),
                "agreement_alone": round(max(alone[a], alone[b]), 4),
                "log10_probability_by_chance": round(float(chance), 1),
            },
            f"{said} `{case.problem.target}` in every row, neither does alone",
        )


def _thresholds(codes: Array, values: Array, y: Array) -> int | None:
    """Return how many thresholds of `values` part the classes `y` by category, `(N,)` each.

    None if they do not part them, or a value is missing.
    """
    if len(y) > FIRST and _thresholds(codes[:FIRST], values[:FIRST], y[:FIRST]) is None:
        return None
    if not np.isfinite(values).all():
        return None
    order = np.lexsort((y, values, codes))
    codes, values, y = codes[order], values[order], y[order]
    inside = codes[1:] == codes[:-1]
    changes = inside & (y[1:] != y[:-1])
    if (changes & (values[1:] == values[:-1])).any():
        return None
    kinds = len(np.unique(np.column_stack([codes, y]), axis=0)) - len(np.unique(codes))
    return kinds if changes.sum() == kinds else None


def _agreement(codes: Array, y: Array) -> tuple[float, int]:
    """Return the share of rows in the majority of their cell, and the number of cells."""
    cells, place = np.unique(codes, return_inverse=True)
    classes = int(y.max()) + 1
    table = np.bincount(place * classes + y, minlength=len(cells) * classes)
    return float(table.reshape(-1, classes).max(1).sum() / len(y)), len(cells)


def _finding(case: Case, names: tuple[str, ...], evidence: dict[str, float], what: str) -> Finding:
    listed = ", ".join(f"{name!r}: after" for name in names)
    return Finding(
        kind="target.combination",
        severity="warn",
        columns=names,
        evidence=evidence,
        message=f"{what}. Are all of them known before the outcome?",
        remedy=f"problem: {{available_at: {{{listed}}}}}, for those known only afterwards",
        fix=known_after(names),
    )
