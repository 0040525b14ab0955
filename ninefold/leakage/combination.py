"""target.combination: two or a few columns from which the target can be worked out."""

from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import SURE, auc, log10_arrangements
from ninefold.leakage.telling import EQUAL

ROWS = 4000
SCREENED_ROWS = 400
MAX_COLUMNS = 60
MAX_PAIRED = 24
EXACT = 1e-5
"""Share of the target's variance that rounding may leave open in an identity."""
MAX_TERMS = 8
MAX_LEVELS = 30
SAME_QUANTITY = 0.8
"""Correlation of two columns from which they are one quantity measured twice."""
MIN_AREA = 0.84


class CombinationCheck(Check):
    """Sums, differences, products, ratios and pairs of categories that give the target.

    Identities of a number are found by least squares on the columns and on their logarithms, held
    against rows that were not fitted; a comparison of two columns by the ROC area of their
    difference, where neither alone says much. Columns that tell the target alone are left out:
    other checks name them.
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
        for finding in (*_comparisons(case, numbers), *_pairs(case)):
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
    found = _terms(x, y, case.seed)
    if found is None:
        with np.errstate(all="ignore"):
            x, y = np.log(np.abs(x)), np.log(np.abs(y))
        usable = np.isfinite(x).mean(0) > 0.7
        names = [name for name, use in zip(names, usable, strict=True) if use]
        found = _terms(x[:, usable], y, case.seed)
        said = "product of powers"
    else:
        said = "sum of multiples"
    if found is None or len(found[0]) < 2:
        return None
    terms, left, rows = found
    used = tuple(names[i] for i in terms)
    listed = " and ".join(f"`{name}`" for name in used)
    return _finding(
        case,
        used,
        {"rows_looked_at": rows, "share_of_variance_left": float(f"{left:.2g}")},
        f"`{case.problem.target}` is a {said} of {listed}, to the last digits",
    )


def _terms(x: Array, y: Array, seed: int) -> tuple[list[int], float, int] | None:
    """Return the columns of `(N, F)` whose linear combination is `y`, what is left, and rows."""
    rows = np.isfinite(x).all(1) & np.isfinite(y)
    if x.shape[1] < 2 or rows.sum() < max(40, 4 * x.shape[1]):
        return None
    x, y = x[rows], y[rows]
    spread = x.std(0)
    kept = np.flatnonzero(spread > 1e-12 * np.maximum(np.abs(x).max(0), 1e-300))
    if len(kept) < 2 or y.std() == 0:
        return None
    x = (x[:, kept] - x[:, kept].mean(0)) / spread[kept]
    y = (y - y.mean()) / y.std()
    train = np.random.default_rng(seed).permutation(len(y)) % 2 == 0
    left, weights = _left(x, y, train)
    if left > EXACT:
        return None
    terms = np.flatnonzero(np.abs(weights) > 3 * np.sqrt(max(left, 1e-10)))
    for term in sorted(terms, key=lambda i: abs(weights[i])):
        fewer = terms[terms != term]
        if len(fewer) and _left(x[:, fewer], y, train)[0] <= max(EXACT / 10, 4 * left):
            terms = fewer
    left = _left(x[:, terms], y, train)[0] if len(terms) else 1.0
    if not 2 <= len(terms) <= MAX_TERMS or left > EXACT:
        return None
    return [int(kept[i]) for i in terms], left, len(y)


def _left(x: Array, y: Array, train: Array) -> tuple[float, Array]:
    """Return the share of variance left on the rows not fitted, and the weights."""
    design = np.column_stack([x, np.ones(len(y))])
    weights = np.linalg.lstsq(design[train], y[train], rcond=None)[0]
    error = y[~train] - design[~train] @ weights
    return float((error**2).mean() / max(y[~train].var(), 1e-12)), weights[:-1]


def _comparisons(case: Case, numbers: dict[str, Array]) -> Iterator[Finding]:
    """Find pairs of numbers whose difference or ratio tells a class that neither tells alone."""
    classes, sizes = np.unique(case.y, return_counts=True)
    names = list(numbers)[:MAX_PAIRED]
    if len(names) < 2 or len(classes) > 5 or sizes.min() < 20:
        return
    few = _balanced(case.y, case.seed)
    ranks = {name: _filled(numbers[name]) for name in names}
    for a, b in combinations(names, 2):
        for sign, made in _made(ranks[a], ranks[b]):
            for code in classes if len(classes) > 2 else classes[:1]:
                if abs(_area(made[few], case.y[few] == code) - 0.5) < MIN_AREA - 0.55:
                    continue
                found = _comparison(case, (a, b), ranks, sign, made, int(code))
                if found is not None:
                    yield found


def _balanced(y: Array, seed: int) -> Array:
    """Return a sample of rows in which every class has about as many."""
    rng = np.random.default_rng(seed)
    classes = np.unique(y)
    size = SCREENED_ROWS // len(classes)
    parts = [rng.permutation(np.flatnonzero(y == code))[:size] for code in classes]
    return np.concatenate(parts)


def _filled(values: Array) -> Array:
    known = np.isfinite(values)
    return np.where(known, values, np.median(values[known]))


def _made(a: Array, b: Array) -> Iterator[tuple[str, Array]]:
    yield "−", a - b
    if (a > 0).all() and (b > 0).all():
        yield "/", a / b


def _area(score: Array, positive: Array) -> float:
    area = auc(score, positive)[0]
    return max(area, 1 - area)


def _alone(values: Array, positive: Array) -> float:
    """Return the ROC area of a number's bins, which need be in no order."""
    codes = binned(values, 20)
    share = np.bincount(codes, positive) / np.maximum(np.bincount(codes), 1)
    return auc(share[codes], positive)[0]


def _comparison(
    case: Case, pair: tuple[str, str], values: dict[str, Array], sign: str, made: Array, code: int
) -> Finding | None:
    positive = case.y == code
    area = _area(made, positive)
    single = max(_alone(values[name], positive) for name in pair)
    tied = abs(float(np.corrcoef(values[pair[0]], values[pair[1]])[0, 1]))
    exact = area == 1.0
    if (
        area < MIN_AREA
        or 1 - single < max(2 * (1 - area), 0.03)
        or (tied < SAME_QUANTITY and not exact)
    ):
        return None
    rest = case.power.together(set(pair), code)
    if 1 - rest < 2 * (1 - area) or (exact and rest > EQUAL):
        return None
    return _finding(
        case,
        pair,
        {
            "rows_looked_at": len(case),
            "roc_auc_together": round(area, 4),
            "roc_auc_alone": round(single, 4),
            "roc_auc_of_all_others": round(rest, 4),
            "correlation_of_the_two": round(tied, 3),
        },
        f"`{pair[0]}` {sign} `{pair[1]}` tells `{case.problem.target}` (ROC area {area:.3f}), "
        f"neither alone does (at most {single:.3f})",
    )


def _pairs(case: Case) -> Iterator[Finding]:
    """Find pairs of categories that fix the class in every row, which neither does alone."""
    y = case.y
    counts = np.bincount(y)
    arranged = log10_arrangements(counts[counts > 0])
    base = counts.max() / len(y)
    codes: dict[str, Array] = {}
    for name in case.inputs:
        levels = np.unique(case.codes[name], return_inverse=True)[1]
        if 1 <= levels.max() < MAX_LEVELS and len(codes) < MAX_PAIRED:
            codes[name] = levels
    alone = {name: _agreement(levels, y)[0] for name, levels in codes.items()}
    for a, b in combinations(codes, 2):
        agreement, cells = _agreement(codes[a] * (codes[b].max() + 1) + codes[b], y)
        chance = -arranged + cells * np.log10((counts > 0).sum())
        better = 1 - max(alone[a], alone[b])
        if agreement < 1 or better < 0.25 * (1 - base) or better < 0.02 or chance > SURE:
            continue
        if case.power.together({a, b}, int(counts.argmax())) > EQUAL:
            continue
        yield _finding(
            case,
            (a, b),
            {
                "rows_looked_at": len(case),
                "agreement_alone": round(max(alone[a], alone[b]), 4),
                "log10_probability_by_chance": round(float(chance), 1),
            },
            f"`{a}` and `{b}` together fix `{case.problem.target}` in every row, neither "
            "does alone",
        )


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
        fix=tuple((("problem", "available_at", name), "after") for name in names),
    )
