"""What is kept alike between parts where several targets are predicted together."""

import numpy as np

from ninefold.columns import Array, Frame
from ninefold.problem import ProblemSpec
from ninefold.splitting.identity import class_codes

FEWEST = 20
"""Rows that a combination of labels must have to be a stratum of its own."""


def strata_of_several(frame: Frame, problem: ProblemSpec, bins: int) -> Array:
    """Return `(N,)`: quantile bins of the values' first principal component, or for labels the
    combination of them; rows of a rare one are told apart by the rarest label they have.
    """
    if problem.task == "classification":
        return _combinations(frame, problem)
    y = np.column_stack([frame[name].astype(np.float64) for name in problem.targets])
    y = y - y.mean(axis=0)
    y = y / np.maximum(y.std(axis=0), 1e-300)
    vectors = np.linalg.eigh(y.T @ y)[1]
    return quantile_bins(y @ vectors[:, -1], bins)


def quantile_bins(y: Array, most: int) -> Array:
    """Return the bin `(N,)` of each value, all of about as many rows, none of few."""
    bins = max(1, min(most, len(y) // 20))
    edges = np.unique(np.quantile(y, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, y, side="right"))


def _combinations(frame: Frame, problem: ProblemSpec) -> Array:
    columns = [class_codes(frame.column(n).kind, frame[n])[0] for n in problem.targets]
    codes = np.column_stack(columns)
    found, place, counts = np.unique(codes, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    share = (codes == 1).mean(axis=0)
    rarest = np.where(codes == 1, share, np.inf).argmin(axis=1)
    fallback = len(found) + np.where((codes == 1).any(axis=1), rarest, codes.shape[1])
    return np.asarray(np.where(counts[place] >= FEWEST, place, fallback))
