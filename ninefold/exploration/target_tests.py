"""Which columns have to do with the target: one test each, corrected for their number."""

from typing import Any

import numpy as np

from ninefold.columns import Array
from ninefold.exploration.association import (
    correlation_ratio,
    cramers_v,
    level_codes,
    table_of,
)
from ninefold.exploration.view import View

ALPHA = 0.05
MIN_GAPS = 10
SMALLEST = 1e-300


def target_tests(view: View) -> dict[str, Any]:
    """Test every column, and every column's gaps, against the target.

    Kruskal-Wallis for numbers against classes (or levels against numbers), chi-square for levels
    against classes, Spearman for numbers against numbers. `q` is the p-value after Benjamini and
    Hochberg (1995): among the findings about one in twenty is by chance.
    """
    from scipy.stats import false_discovery_control

    found = [item for c in view.columns for item in _column(view, c.name)]
    if found:
        adjusted = false_discovery_control([item["p"] for item in found], method="bh")
        found = [{**item, "q": float(q)} for item, q in zip(found, adjusted, strict=True)]
    rows = len(view.frame)
    found.sort(key=lambda item: (item["q"] > ALPHA, -_weight(item, rows), item["column"]))
    return {
        "alpha": ALPHA,
        "tests": found,
        "significant": sum(item["q"] <= ALPHA for item in found),
    }


def _weight(item: dict[str, Any], rows: int) -> float:
    """Return by what a test is ranked: its effect, less where most rows have no value."""
    return float(item["effect"]) * float(np.sqrt(item["rows"] / rows))


def _column(view: View, name: str) -> list[dict[str, Any]]:
    values = view.numbers[name]
    gone = np.isnan(values)
    found = [_test(view, name, values, view.is_ordered(name), "values")]
    if MIN_GAPS <= gone.sum() <= len(gone) - MIN_GAPS:
        found.append(_test(view, name, gone.astype(float), False, "gaps"))
    return [item for item in found if item is not None]


def _test(
    view: View, name: str, values: Array, is_ordered: bool, what: str
) -> dict[str, Any] | None:
    from scipy.stats import chi2_contingency, spearmanr

    y = view.numbers[view.target]
    is_number = view.task == "regression"
    known = ~np.isnan(values) & ~np.isnan(y)
    x, y = values[known], y[known]
    if len(np.unique(x)) < 2 or len(np.unique(y)) < 2 or len(x) < 10:
        return None
    codes = level_codes(x) if not is_ordered else x
    classes = level_codes(y) if not is_number else y
    if is_ordered and is_number:
        result = spearmanr(x, y)
        test, effect, p = "Spearman", abs(float(result.statistic)), float(result.pvalue)
    elif not is_ordered and not is_number:
        counts = table_of(codes, classes)
        p = float(chi2_contingency(counts).pvalue) if min(counts.shape) > 1 else 1.0
        test, effect = "chi-square", cramers_v(codes, classes)
    else:
        group, value = (classes, x) if is_ordered else (codes, y)
        test, effect = "Kruskal-Wallis", correlation_ratio(group, _ranked(value))
        p = _kruskal(group, value)
    item: dict[str, Any] = {"column": name, "what": what, "test": test, "rows": len(x)}
    item |= {"effect": effect, "p": max(p, SMALLEST)}
    if test == "Kruskal-Wallis" and is_ordered and len(np.unique(y)) == 2:
        item["auc"] = _auc(x, y)
    return item if np.isfinite(item["p"]) else None


def _kruskal(group: Array, value: Array) -> float:
    from scipy.stats import kruskal

    parts = [value[group == g] for g in np.unique(group)]
    if len(parts) < 2 or np.ptp(value) == 0:
        return 1.0
    return float(kruskal(*parts).pvalue)


def _ranked(values: Array) -> Array:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values))


def _auc(x: Array, y: Array) -> float:
    """Return how often the larger value belongs to the second class, ties as half."""
    ranks = _ranked(x)
    is_second = y == y.max()
    n2 = int(is_second.sum())
    n1 = len(y) - n2
    return float((ranks[is_second].sum() - n2 * (n2 + 1) / 2) / (n1 * n2))
