"""Test rows that equal a learned row, target and all, oftener than learned rows equal another."""

from dataclasses import dataclass

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case
from ninefold.splitting.identity import combine, has_twin

POOL = 0.7
"""Share of the learned rows among which twins are sought; the others tell what is usual."""
UNLIKELY, LEAST_SHARE = 4.0, 0.02
"""Standard errors of the excess, and its share of the test rows, below which nothing is said."""
DRAWN, LEAST_CELL = 1e-3, 10
"""Chance of a test part so unlike the learned rows below which it was not drawn as they were, and
rows of a set of equal features that are counted for that."""
BY_CHANCE = 0.5
"""Chance of a twin above which a row is not named, unless most are like that."""


@dataclass(frozen=True)
class InTest:
    """How many test rows have a twin among some learned rows, how many should, and the rows named.

    Attributes:
        found: test rows with a twin among the rows sought among.
        expected: how many there would be if they had one as often as learned rows do.
        z: the excess in standard errors.
        rows: mask `(N,)` of the test rows that are named.
    """

    found: int
    expected: float
    z: float
    rows: Array


def equal_in_test(case: Case, whole: Array, same: Array) -> InTest | None:
    """Return the twins of a given test part, if there are more than among the learned rows.

    Held against the learned rows within each set of equal features (Mantel and Haenszel, 1959), so
    that it does not matter which features the test part has more of; still, a part that is unlike
    the learned rows, as the end of a sorted file is, tells nothing.

    Args:
        whole: `(N,)` code of a row's features.
        same: `(N,)` code of its target.
    """
    code, learned = combine([whole, same]), ~case.test
    drawn = np.random.default_rng(case.seed).random(len(code)) < POOL
    pool, rest = learned & drawn, learned & ~drawn
    twin = has_twin(code, pool)
    cells = np.unique(whole, return_inverse=True)[1]
    size = [_counts(cells, mask) for mask in (case.test, rest)]
    hits = [_counts(cells, mask & twin) for mask in (case.test, rest)]
    total, hit = size[0] + size[1], hits[0] + hits[1]
    usable = (size[0] > 0) & (size[1] > 0) & (total > 1)
    share = size[0][usable] / total[usable]
    expected = float((hit[usable] * share).sum())
    varies = (total - hit)[usable] / np.maximum(total[usable] - 1, 1)
    spread = float(np.sqrt((hit[usable] * share * (1 - share) * varies).sum()))
    found = int(hits[0][usable].sum())
    excess = found - expected
    if not spread or excess < UNLIKELY * spread or excess < LEAST_SHARE * case.test.sum():
        return None
    if not _is_drawn(case, cells):
        return None
    return InTest(found, expected, excess / spread, _named(case, cells, code, same, excess))


def _is_drawn(case: Case, cells: Array) -> bool:
    """Tell whether the test part has the targets and the features of the learned rows."""
    from scipy.stats import chi2_contingency, ks_2samp

    if ks_2samp(case.y[case.test], case.y[~case.test]).pvalue < DRAWN:
        return False
    table = np.stack([_counts(cells, case.test), _counts(cells, ~case.test)])
    table = table[:, table.sum(axis=0) >= LEAST_CELL]
    return table.shape[1] < 2 or not chi2_contingency(table).pvalue < DRAWN


def _named(case: Case, cells: Array, code: Array, same: Array, excess: float) -> Array:
    """Return the test rows with a learned twin that chance would hardly give them, or all."""
    learned = ~case.test
    twins = has_twin(code, learned) & case.test
    values = np.unique(same, return_inverse=True)[1]
    share = np.maximum(_counts(values, learned) - 1, 0)
    many = _counts(cells, learned)[cells]
    chance = 1 - (1 - share[values] / learned.sum()) ** many
    unlikely = np.asarray(twins & (chance < BY_CHANCE))
    return unlikely if unlikely.sum() >= excess / 2 else twins


def _counts(codes: Array, mask: Array) -> Array:
    """Return how many rows of the mask have each of the codes `(N,)`."""
    return np.bincount(codes[mask], minlength=codes.max() + 1)
