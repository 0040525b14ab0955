"""A few rows that decide the squared error."""

import numpy as np

from ninefold.columns import Array
from ninefold.diagnosis.case import Case, Finding, Symptom

FEWEST = 100
FEW, MUCH = 0.01, 0.5
"""The share of the rows with the largest errors, and what they may add to the squared error:
of normal errors the hundredth part adds a tenth."""
SQUARED = ("rmse", "r2")
"""Metrics that a few rows can decide."""
SKEWED = 5.0
"""How much further a target's upper tail must reach from the median than its lower one."""


class HeavyTail(Symptom):
    """Values of a skewed target of which a few make up most of the squared error."""

    kinds = ("target.heavy_tail",)
    of_rows = False

    def look(self, case: Case) -> Finding | None:
        if case.is_classification or case.facts["metric"] not in SQUARED:
            return None
        if case.valid.scores.shape[1] != 1 or len(case.valid.y) < FEWEST:
            return None
        low, middle, high = np.quantile(case.train.y, [0.01, 0.5, 0.99])
        if high - middle < SKEWED * (middle - low):
            return None
        parts = {"valid": case.valid, "train": case.train}
        sorted_errors = {name: np.sort(part.losses)[::-1] for name, part in parts.items()}
        shares = {name: _share_of_few(errors) for name, errors in sorted_errors.items()}
        part = max(shares, key=lambda name: shares[name])
        share, errors = shares[part], sorted_errors[part]
        if share < MUCH:
            return None
        few, total = _few(errors), float(errors.sum())
        reached = np.cumsum(errors) / total
        points = [[p, round(float(reached[max(1, round(p / 100 * len(errors))) - 1]), 4)]
                  for p in (1, 2, 5, 10, 20, 50, 100)]  # fmt: skip
        return Finding(
            "target.heavy_tail",
            f"{few:,} of {len(errors):,} {part} rows make up {share:.0%} of the squared error: "
            "rmse and a squared loss say how those few large values are met, not the others.",
            "Set problem.metric to mae or median_absolute_error, if the usual row matters, and "
            f"{case.name('objective')}.kind to huber; if ratios matter, put the logarithm of the "
            "target into the source.",
            {"rows": few, "share_of_squared_error": share},
            {"kind": "lines", "title": "Squared error by rows, the worst first", "x": "rows, %",
             "y": "share", "curves": [{"name": part, "points": points}], "marked": None},
            ((case.at("objective"), {"kind": "huber"}),),
        )  # fmt: skip


def _few(errors: Array) -> int:
    return max(1, round(FEW * len(errors)))


def _share_of_few(errors: Array) -> float:
    """Return what the largest of squared errors `(N,)`, the largest first, add to their sum."""
    total = float(errors.sum())
    return float(errors[: _few(errors)].sum()) / total if total > 0 else 0.0
