"""The train part as it was before somebody balanced it: rows drawn again, classes made equal."""

from dataclasses import replace

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
    return _is_drawn_again(case, _again(case))


def before_balancing(case: Case) -> Case:
    """Return the case without the rows that were drawn again for train, and, where its classes are
    equal and those of test are not, without so many that the parts have one mix; else itself.
    """
    if case.split_kind != "given" or not case.is_classification or case.follows_time:
        return case
    again = _again(case)
    if _is_drawn_again(case, again):
        case = _take(case, case.test | ~again)
    kept = _thinned(case)
    return case if kept is None else _take(case, kept)


def _again(case: Case) -> Array:
    """Return the mask `(N,)` of rows that equal an earlier one of their part, target and all."""
    hashes = [case.hashes[name] for name in case.inputs]
    hashes += [hash_values("number", case.y.astype(np.float64)), hash_values("bool", case.test)]
    first = np.unique(combine(hashes), return_index=True)[1]
    mask = np.ones(len(case), dtype=bool)
    mask[first] = False
    return mask


def _is_drawn_again(case: Case, again: Array) -> bool:
    inside, test = again[~case.test], again[case.test]
    return log10_excess(int(inside.sum()), len(inside), int(test.sum()), len(test)) <= UNEVEN


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


def _take(case: Case, kept: Array) -> Case:
    tensors = {name: values[kept] for name, values in case.tensors.items()}
    return replace(case, frame=case.frame.take(kept), part=case.part[kept], tensors=tensors)
