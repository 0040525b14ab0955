"""Pairs of numbers whose difference, ratio or product tells a class that neither tells alone."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._numbered import numbered
from ninefold.leakage._scores import area_of_bins, either_area
from ninefold.leakage.case import Case
from ninefold.leakage.telling import EQUAL

SCREENED_ROWS = 400
MAX_PAIRED = 24
SAME_QUANTITY = 0.8
"""Correlation of two columns from which they are one quantity measured twice."""
STEPS = 4
"""Columns of one name and many numbers from which they are a signal laid out flat."""
ONE_SCALE, APART = 1.5, 0.25
"""Ratio of the deviations of two columns that are one quantity measured twice, and the shares of a
deviation that they usually lie apart, at most."""
MIN_AREA = 0.84
NEARLY, MOST_OF_OTHERS = 0.9995, 0.98
"""ROC area from which a formula with a square counts, rounding allowed for, and the most that all
other columns may then reach."""

MINUS, OVER = "{0} − {1}", "{0} / {1}"
PLAIN = (MINUS, OVER)

Comparison = tuple[tuple[str, str], dict[str, float], str]
"""Two columns, the evidence, and what is said of them."""


def comparisons(case: Case, numbers: dict[str, Array]) -> Iterator[Comparison]:
    """Yield the pairs of `numbers`, `(N,)` each by name, one of whose formulas tells a class."""
    classes, sizes = np.unique(case.y, return_counts=True)
    names = list(numbers)[:MAX_PAIRED]
    if len(names) < 2 or len(classes) > 5 or sizes.min() < 20:
        return
    values = {name: _filled(numbers[name]) for name in names}
    few = _balanced(case.y, case.seed)
    codes = classes if len(classes) > 2 else classes[:1]
    for pair, made_by, code in _screened(values, few, case.y[few], codes):
        made = _made(values[pair[0]], values[pair[1]]).get(made_by)
        if made is not None:
            found = _comparison(case, pair, values, made_by, made, code)
            if found is not None:
                yield found


def _screened(
    values: dict[str, Array], few: Array, y: Array, codes: Array
) -> Iterator[tuple[tuple[str, str], str, int]]:
    """Yield the pairs, formulas and classes that a few rows, with classes `y`, do not rule out."""
    from scipy.stats import rankdata

    sample = {name: numbers[few] for name, numbers in values.items()}
    made = {
        (pair, made_by): numbers
        for pair in combinations(sample, 2)
        for made_by, numbers in _made(sample[pair[0]], sample[pair[1]]).items()
    }
    if not made:
        return
    ranks = rankdata(np.column_stack(list(made.values())), axis=0)
    areas = []
    for code in codes:
        n1 = int((y == code).sum())
        area = (ranks[y == code].sum(0) - n1 * (n1 + 1) / 2) / (n1 * (len(y) - n1))
        areas.append(np.maximum(area, 1 - area))
    for at, (pair, made_by) in enumerate(made):
        least = MIN_AREA - 0.05 if made_by in PLAIN else NEARLY - 0.001
        for code, area in zip(codes, areas, strict=True):
            if area[at] >= least:
                yield pair, made_by, int(code)


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


def _made(a: Array, b: Array) -> dict[str, Array]:
    """Return what formulas give of two numbers, `{0}` and `{1}` standing for their names."""
    with np.errstate(all="ignore"):
        made = {MINUS: a - b, "{0}² + {1}²": a**2 + b**2}
        if (a > 0).all() and (b > 0).all():
            made |= {
                OVER: a / b,
                "{0} / {1}²": a / b**2,
                "{1} / {0}²": b / a**2,
                "{0} · {1}": a * b,
                "{0} · {1}²": a * b**2,
                "{0}² · {1}": a**2 * b,
            }
    return {formula: values for formula, values in made.items() if np.isfinite(values).all()}


def _comparison(
    case: Case,
    pair: tuple[str, str],
    values: dict[str, Array],
    made_by: str,
    made: Array,
    code: int,
) -> Comparison | None:
    positive = case.y == code
    area = either_area(made, positive)
    single = max(area_of_bins(values[name], positive) for name in pair)
    tied = abs(float(np.corrcoef(values[pair[0]], values[pair[1]])[0, 1]))
    exact = area == 1.0
    is_plain = made_by in PLAIN
    twice = tied >= SAME_QUANTITY and _is_one_scale(*(values[name] for name in pair))
    twice = twice and not _are_steps(case, pair)
    is_fitting = exact or (twice if is_plain else area >= NEARLY)
    if area < MIN_AREA or 1 - single < max(2 * (1 - area), 0.03) or not is_fitting:
        return None
    rest = case.power.together(set(pair), code)
    most = EQUAL if exact else 1.0 if is_plain else MOST_OF_OTHERS
    if 1 - rest < 2 * (1 - area) or rest > most:
        return None
    return (
        pair,
        {
            "rows_looked_at": len(case),
            "roc_auc_together": round(area, 4),
            "roc_auc_alone": round(single, 4),
            "roc_auc_of_all_others": round(rest, 4),
            "correlation_of_the_two": round(tied, 3),
        },
        f"{_spelt(made_by, pair)} tells `{case.problem.target}` (ROC area {area:.3f}), neither "
        f" alone does (at most {single:.3f})",
    )


def _is_one_scale(a: Array, b: Array) -> bool:
    """Tell whether two numbers could measure one thing: planned and met, before and after."""
    low, high = sorted((float(a.std()), float(b.std())))
    return high <= ONE_SCALE * low and abs(float(np.median(a - b))) <= APART * high


def _are_steps(case: Case, pair: tuple[str, str]) -> bool:
    """Tell whether two columns are steps of one signal, whose slope may well tell a class."""
    return any({*pair} <= {*names} for names in numbered(case, STEPS).values())


def _spelt(formula: str, pair: tuple[str, str]) -> str:
    return formula.format(f"`{pair[0]}`", f"`{pair[1]}`")
