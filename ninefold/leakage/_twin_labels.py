"""Whether rows that equal exactly one other row bear another label oftener than rows like them."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._voting import Voters
from ninefold.leakage.case import Case

ROWS = 5000
MIN_VOTES, PRIOR = 5, 2.0
"""Neighbours other than the twin that a row needs, and those at the overall shares added to them.
"""
MIN_CONFLICTS, MIN_AGREEING = 10, 5
"""Pairs that disagree, and that agree: fewer agree where a table was freed of duplicates."""
MIN_TIMES, MIN_Z = 1.7, 6.0
"""How many times, and by how many deviations, more pairs must disagree than neighbours expect."""


def disagree_beyond_neighbours(case: Case, rows: Array) -> bool:
    """Tell whether pairs of equal rows (`rows` `(N,)` are their hashes) disagree too often.

    If the rows nearest to a pair, itself left out, bear a label in a share p, two honest rows there
    disagree with probability 2p(1 - p). Each pair stands for itself, so the count is a sum of
    independent draws. Steep changes between neighbours only raise what is expected.
    """
    _, place, size = np.unique(rows, return_inverse=True, return_counts=True)
    paired = np.flatnonzero(size[place] == 2)
    if len(paired) < 2 * (MIN_CONFLICTS + MIN_AGREEING):
        return False
    first, second = paired[np.argsort(place[paired], kind="stable")].reshape(-1, 2).T
    drawn = np.random.default_rng(case.seed)
    if len(case) > ROWS:
        kept = np.sort(drawn.permutation(len(first))[: ROWS // 4])
        first, second = first[kept], second[kept]
    differ = case.y[first] != case.y[second]
    if differ.sum() < MIN_CONFLICTS or (~differ).sum() < MIN_AGREEING:
        return False
    use = np.unique(np.r_[first, second, drawn.permutation(len(case))[: ROWS // 2]])
    if len(case) <= ROWS:
        use = np.arange(len(case))
    chance = _chance(case, use, place, np.searchsorted(use, first))
    if chance is None:
        return False
    known = np.isfinite(chance)
    observed, expected = int(differ[known].sum()), float(chance[known].sum())
    spread = max(float(np.sqrt((chance * (1 - chance))[known].sum())), 1.0)
    is_many = observed > max(MIN_TIMES * expected, expected + MIN_Z * spread)
    return is_many and observed >= MIN_CONFLICTS


def _chance(case: Case, use: Array, place: Array, at: Array) -> Array | None:
    """Return the probability `(P,)` that two rows at `use[at]` disagree; NaN with few voters."""
    if len(use) <= 50:
        return None
    voters = Voters.of(case, use)
    if voters is None:
        return None
    near = voters.near[at]
    others = place[use][near] != place[use][at][:, None]
    label = np.unique(case.y[use], return_inverse=True)[1]
    classes = np.arange(int(label.max()) + 1)
    counts = ((label[near][..., None] == classes) & others[..., None]).sum(axis=1)
    overall = np.bincount(label) / len(label)
    voting = others.sum(axis=1)
    share = (counts + PRIOR * overall) / (voting + PRIOR)[:, None]
    # The square of an estimated share is too large by its variance.
    alike = ((share**2).sum(axis=1) - 1 / (voting + PRIOR)) / (1 - 1 / (voting + PRIOR))
    return np.where(voting >= MIN_VOTES, np.clip(1 - alike, 0.0, 1.0), np.nan)
