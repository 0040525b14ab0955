"""A few rows that decide the squared error."""

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Symptom

FEWEST = 200
FEW, MUCH = 0.01, 0.5
"""The share of the valid rows with the largest errors, and what they may add to the squared error:
of normal errors the hundredth part adds a tenth."""
SQUARED = ("rmse", "r2")
"""Metrics that a few rows can decide."""
SKEWED = 5.0
"""How much further a target's upper tail must reach from the median than its lower one."""


class HeavyTail(Symptom):
    """Values of a skewed target of which a few make up most of the squared error."""

    kinds = ("target.heavy_tail",)

    def look(self, case: Case) -> Finding | None:
        if case.is_classification or case.facts["metric"] not in SQUARED:
            return None
        if case.valid.scores.shape[1] != 1 or len(case.valid.y) < FEWEST:
            return None
        low, middle, high = np.quantile(case.train.y, [0.01, 0.5, 0.99])
        errors = np.sort(np.square(case.valid.y - case.valid.scores[:, 0].astype(np.float64)))[::-1]
        total = float(errors.sum())
        few = max(1, round(FEW * len(errors)))
        share = float(errors[:few].sum()) / total if total > 0 else 0.0
        if share < MUCH or high - middle < SKEWED * (middle - low):
            return None
        reached = np.cumsum(errors) / total
        points = [[p, round(float(reached[max(1, round(p / 100 * len(errors))) - 1]), 4)]
                  for p in (1, 2, 5, 10, 20, 50, 100)]  # fmt: skip
        return Finding(
            "target.heavy_tail",
            f"{few:,} of {len(errors):,} valid rows make up {share:.0%} of the squared error: rmse "
            "and a squared loss say how those few large values are met, hardly how the others are.",
            "Set problem.metric to mae or median_absolute_error, if the usual row matters, and "
            f"{case.name('objective')}.kind to huber; if ratios matter, put the logarithm of the "
            "target into the source.",
            {"rows": few, "share_of_squared_error": share},
            {"kind": "lines", "title": "Squared error by rows, the worst first", "x": "rows, %",
             "y": "share", "curves": [{"name": "valid", "points": points}], "marked": None},
            ((case.at("objective"), {"kind": "huber"}),),
        )  # fmt: skip
