"""A target that the features tell nothing about: no setting of training will change that."""

import math

import numpy as np

from ninefold.diagnosis.case import Case, Finding, Scored, Symptom

SURE, CHOSEN = 2.0, 3.0
"""Standard errors above chance that count as knowing something: of rows that chose nothing, and of
valid rows, which chose the epoch."""
LITTLE = 0.2
"""Rank correlation, or 2 AUC - 1, that the rows must rule out; else they are too few to tell."""


class NoSignal(Symptom):
    """Neither the network on valid rows nor trees on rows left out order them above chance."""

    kinds = ("data.no_signal",)
    follows = ("learning_rate", "inputs", "gradients", "units", "batch", "epochs", "fit", "data")
    of_rows = False
    needs_rows_apart = True

    def look(self, case: Case) -> Finding | None:
        network, error = order(case.valid)
        if not math.isfinite(error) or network > CHOSEN * error:
            return None
        rows = None if case.reads_tensors else case.left_out
        if rows is None:
            return None
        trees, of_trees = order(rows)
        if not trees <= SURE * of_trees or max(trees, 0.0) + SURE * of_trees > LITTLE:
            return None
        bars = [
            ["network on valid", max(network, 0.0), f"{network:+.3f}"],
            ["trees on rows left out", max(trees, 0.0), f"{trees:+.3f}"],
            ["chance, at most", SURE * of_trees, f"{SURE * of_trees:.3f}"],
        ]
        return Finding(
            "data.no_signal",
            f"Network and trees order rows they have not seen no better than chance (rank "
            f"correlation {network:+.2f} on valid, {trees:+.2f} on {len(rows.y):,} rows left out "
            "in turn): the features tell nothing of the target.",
            "Check that targets belong to their rows (a join, a sort, a shift in time), or bring "
            "columns that tell something; no setting replaces them.",
            {"network": network, "network_error": error, "trees": trees,
             "trees_error": of_trees, "rows": len(rows.y)},
            {"kind": "bars", "title": "Order of rows not seen", "rows": bars},
        )  # fmt: skip


def order(rows: Scored) -> tuple[float, float]:
    """Return how well scores order the rows, from -1 to 1, and its standard error by chance.

    Spearman's correlation with a value; of classes 2 AUC - 1 (Somers' D), each against the others,
    by their share.
    """
    from scipy.stats import rankdata

    n = len(rows.y)
    if rows.scores.shape[1] == 1:
        if np.ptp(rows.y) == 0 or np.ptp(rows.scores) == 0:
            return 0.0, 1.0 / math.sqrt(max(n - 1, 1))
        ranks = rankdata(rows.y), rankdata(rows.scores[:, 0])
        return float(np.corrcoef(*ranks)[0, 1]), 1.0 / math.sqrt(max(n - 1, 1))
    total = variance = weights = 0.0
    for code in np.unique(rows.y):
        is_it = rows.y == code
        inside, outside = int(is_it.sum()), int((~is_it).sum())
        if not outside:
            return math.nan, math.nan
        ranks_in = rankdata(rows.scores[:, code])[is_it].mean()
        area = (ranks_in - (inside + 1) / 2) / outside
        total += inside * (2.0 * area - 1.0)
        variance += inside * math.sqrt((n + 1) / (3.0 * inside * outside))
        weights += inside
    return total / weights, variance / weights
