"""Parts that were told apart by one measured column: given it, nothing else differs."""

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._drift import Drift
from ninefold.leakage._ranges import Shift, places
from ninefold.leakage.case import Case

STRONG, SURE, DISTINCT = 0.3, -20.0, 10
"""Distance of the column between the parts, log10 of its chance, and values it has at least."""
LEVELS, STRATA = 200, 100
"""Values of the column up to which each is compared by itself, and stretches of more."""
DIFFERS, MIN_DIFFERING = -6.0, 2
"""log10 of the chance from which a column differs, and columns that must, this one among them."""
SETTLED, HARDLY, LEFT = 3.5, 0.05, 0.15
"""Standard errors that another column differs by within the stretches at most, or hardly, and at
most whatever its error, both in standard deviations."""


def chosen_by(
    case: Case, drifts: dict[str, Drift], found: dict[str, Shift | None], by_place: bool
) -> dict[str, Shift]:
    """Return the column by whose values rows were sent to test, if one explains all the rest.

    Where the parts differ in time or site, columns go on differing among rows of one value of any
    of them; where the parts were chosen by a column, nothing else differs among its like, nor do
    the rows' places in the file if the parts differ in these (`by_place`): it is sorted by it.
    """
    strong = [
        (drift.effect, name)
        for name, drift in drifts.items()
        if drift.effect >= STRONG and drift.log10_p <= SURE and _measures(case, name)
    ]
    differing = [name for name, drift in drifts.items() if drift.log10_p < DIFFERS]
    if not strong or len(differing) < MIN_DIFFERING:
        return {}
    name = max(strong)[1]
    is_told = found[name] is not None and found[name].severity != "info"  # type: ignore[union-attr]
    strata = _strata(case.number(name))
    others = [_ranked(case, other) for other in drifts if other != name]
    if by_place:
        others.append(case.frame.row[:, None] / max(1, int(case.frame.row.max())))
    if is_told or not all(_settles(case, strata, other) for other in others):
        return {}
    what = (
        f"is distributed differently in test (distance {drifts[name].effect:.2f} of 1), and among "
        "rows of like values no other column differs: the parts were chosen by it"
    )
    evidence = {**drifts[name].evidence, "explains": [n for n in differing if n != name]}
    return {name: Shift("shift.support", "warn", what, evidence)}


def _measures(case: Case, name: str) -> bool:
    is_number = case.frame.column(name).kind == "number"
    return is_number and int(case.codes[name].max()) >= DISTINCT and not places(case, name)


def _strata(values: Array) -> Array:
    """Return codes `(N,)` of stretches with about as many rows each, missing ones by themselves."""
    known = np.isfinite(values)
    levels = np.unique(values[known])
    cuts = levels
    if len(levels) > LEVELS:
        cuts = np.unique(np.quantile(values[known], np.linspace(0, 1, STRATA + 1)[1:-1]))
    return np.where(known, np.searchsorted(cuts, values, side="right"), len(cuts) + 1)


def _ranked(case: Case, name: str) -> Array:
    """Return a column as ranks or as indicators of its commonest levels `(N, K)`."""
    from scipy.stats import rankdata

    if case.frame.column(name).kind in ("category", "text"):
        code = case.codes[name]
        common = np.argsort(-np.bincount(code), kind="stable")[:5]
        return np.asarray(code[:, None] == common[None, :], dtype=np.float64)
    values = case.number(name)
    values = np.where(np.isfinite(values), values, -np.inf)
    return np.asarray(rankdata(values)[:, None] / len(case))


def _settles(case: Case, strata: Array, values: Array) -> bool:
    """Tell whether `values` `(N, K)` have the same mean in test and train within the strata."""
    size = int(strata.max()) + 1
    parts = (case.train, case.test)
    count = np.stack([np.bincount(strata[part], minlength=size) for part in parts])
    use = (count >= 2).all(axis=0)
    if count[1][use].sum() < 0.5 * count[1].sum():
        return False
    for column in values.T:
        spread = float(column.std())
        mean, rest = np.zeros((2, size)), 0.0
        for at, part in enumerate(parts):
            total = np.bincount(strata[part], column[part], minlength=size)
            squares = np.bincount(strata[part], column[part] ** 2, minlength=size)
            mean[at] = total / np.maximum(count[at], 1)
            rest += float((squares - count[at] * mean[at] ** 2)[use].sum())
        weight = count[1][use] / count[1][use].sum()
        apart = abs(float((weight * (mean[1] - mean[0])[use]).sum()))
        variance = max(rest, 0.0) / max(int((count - 1)[:, use].sum()), 1)
        sure = np.sqrt(variance * float((weight**2 * (1 / count[:, use]).sum(axis=0)).sum()))
        if apart > max(SETTLED * sure, HARDLY * spread) or apart > LEFT * spread:
            return False
    return True
