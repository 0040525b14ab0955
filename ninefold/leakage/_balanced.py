"""The train part as it was before somebody balanced it: rows drawn again, classes made equal."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._drift import level_drift
from ninefold.leakage.case import Case
from ninefold.leakage.chance import log10_excess
from ninefold.splitting.identity import combine, hash_values

UNEVEN = -6.0
"""log10 of the chance that rows come back so much oftener inside train than inside test."""
EQUAL, OTHERWISE = 0.01, -8.0
"""Share by which classes of train differ at most once they were made equal, and log10 of the chance
that the test part has another mix."""


def is_drawn_again(case: Case) -> bool:
    """Tell whether rows of train come back inside it as those of test do not: somebody drew them
    again, to balance the classes.
    """
    return _is_drawn_again(case, _records(case))


def before_balancing(case: Case) -> Case:
    """Return the case without the rows that were drawn again for train, and, where its classes are
    equal and those of test are not, without so many that the parts have one mix; else itself.
    """
    if case.split_kind != "given" or not case.is_classification or case.follows_time:
        return case
    record = _records(case)
    if _is_drawn_again(case, record):
        once = np.zeros(len(case), dtype=bool)
        once[np.unique(record, return_index=True)[1]] = True
        case = case.take(case.test | once)
    kept = _thinned(case)
    return case if kept is None else case.take(kept)


def _records(case: Case) -> Array:
    """Return codes `(N,)` of rows that are equal, target and all, and of one part."""
    hashes = [case.hashes[name] for name in case.inputs]
    hashes += [hash_values("number", case.y.astype(np.float64)), hash_values("bool", case.test)]
    return np.unique(combine(hashes), return_inverse=True)[1]


def _is_drawn_again(case: Case, record: Array) -> bool:
    train, test = record[~case.test], record[case.test]
    rows = min(len(train), len(test))
    inside, usual = (round(_repeats(part, rows)) for part in (train, test))
    return log10_excess(inside, rows, usual, rows) <= UNEVEN


def _repeats(record: Array, rows: int) -> float:
    """Return how many of so many rows, drawn from all `(N,)`, are expected to repeat another.

    Rarefaction (Hurlbert 1971): the more rows a part has, the oftener they meet by chance.
    """
    from scipy.special import gammaln

    count, total = np.unique(record, return_counts=True)[1], len(record)
    left = np.maximum(total - count - rows, 0)
    none = gammaln(total - count + 1) - gammaln(left + 1) - gammaln(total + 1)
    none = np.exp(none + gammaln(total - rows + 1))
    return float(rows - (1 - np.where(total - count >= rows, none, 0.0)).sum())


def _thinned(case: Case) -> Array | None:
    """Return the mask `(N,)` of rows that give train the mix of test; None if no need."""
    learned = ~case.test
    size, wanted = (
        np.bincount(case.y[part], minlength=case.y.max() + 1) for part in (learned, case.test)
    )
    if len(size) < 2 or size.max() - size.min() > EQUAL * size.max() or wanted.min() == 0:
        return None
    if level_drift(case.y[learned], case.y[case.test], 1).log10_p > OTHERWISE:
        return None
    rng = np.random.default_rng(case.seed)
    kept = case.test.copy()
    for code, share in enumerate(wanted / wanted.max()):
        rows = np.flatnonzero(learned & (case.y == code))
        kept[rng.choice(rows, max(1, int(share * len(rows))), replace=False)] = True
    return kept
