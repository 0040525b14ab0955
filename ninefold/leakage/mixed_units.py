"""label.unit: rows whose target was written in another unit than that of the rows like them."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._voting import Voters
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import log10_more

ROWS, MIN_ROWS = 5000, 200
"""Rows that are looked at, and below which nothing is said."""
FACTORS = (1000.0, 100.0, 10.0)
"""What units written for one another differ by: thousands, cents or percent, millimetres."""
ONE_SIGN = 0.95
"""Share of rows whose target has the commoner sign, from which its size is looked at."""
LEAST, UNLIKELY = 8, -4.0
"""Rows at a factor, and log10 of the chance that so many lie there by the tail of the others."""
WIDTH, APART = 2.5, 8.0
"""Half the width of where they lie, and how far off at least, in deviations of the others."""
ERRORS, INSIDE = 3.0, 0.5
"""How far their middle may lie from the factor, in standard errors; and share of them that lies
within one deviation of it."""
VARIED = 5
"""Different values of such rows, at least: a scale of a few steps has tenfold ones."""


class MixedUnitsCheck(Check):
    """Targets a factor of ten, a hundred or a thousand off what the rows most like them have.

    Told on the logarithm of the target, less the median of a row's neighbours: such rows lie round
    the very factor, as close together as all others do round nothing, and hardly a row lies on the
    way. Honest tails thin out, and a second kind of rows has a distance of its own.
    """

    family: ClassVar[str] = "label"
    kinds: ClassVar[tuple[str, ...]] = ("label.unit",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.is_classification or not case.problem.learns_target or not case.inputs:
            return
        case = case.limited(ROWS)
        use = np.flatnonzero(case.y > 0 if np.mean(case.y > 0) >= 0.5 else case.y < 0)
        if len(use) < max(MIN_ROWS, ONE_SIGN * len(case)):
            return
        size = np.log(np.abs(case.y[use]))
        voters = Voters.of(case, use) if np.ptp(size) > np.log(min(FACTORS)) else None
        if voters is None:
            return
        off = size - np.median(size[voters.near], axis=1)
        off -= np.median(off)
        spread = 1.4826 * float(np.median(np.abs(off)))
        for factor in FACTORS:
            for sign in (-1, 1):
                found = _at(off, spread, sign * np.log(factor))
                if found.any() and len(np.unique(size[found])) >= VARIED:
                    mask = np.zeros(len(case), dtype=bool)
                    mask[use[found]] = True
                    yield _finding(case, mask, factor, "smaller" if sign < 0 else "larger")


def _at(off: Array, spread: float, place: float) -> Array:
    """Return the mask `(M,)` of rows that are `off` by `place`; none where that may be chance."""
    none = np.zeros(len(off), dtype=bool)
    if not 0 < APART * spread <= abs(place):
        return none
    beyond = off * np.sign(place) - abs(place)
    found = np.abs(beyond) <= WIDTH * spread
    count = int(found.sum())
    if count < LEAST:
        return none
    error = spread * np.sqrt(np.pi / 2 / count)
    on_it = abs(float(np.median(beyond[found]))) <= ERRORS * error
    close = float((np.abs(beyond[found]) <= spread).mean()) >= INSIDE
    # As dense as on the last of the way there, or on all of it, if these are the end of a tail.
    chance = 0.0
    for start in (-3 * WIDTH * spread, APART / 2 * spread - abs(place)):
        before = int(((beyond < -WIDTH * spread) & (beyond >= start)).sum())
        density = (before + 2 * np.sqrt(before) + 1) / (-WIDTH * spread - start)
        chance = min(chance, log10_more(count, density * 2 * WIDTH * spread) + np.log10(2))
    is_told = on_it and close and chance <= UNLIKELY
    return np.abs(beyond) <= APART / 2 * spread if is_told else none


def _finding(case: Case, mask: Array, factor: float, than: str) -> Finding:
    target, count = case.problem.target, int(mask.sum())
    return Finding(
        kind="label.unit",
        severity="warn",
        columns=(target,),
        rows=case.source_rows(mask),
        evidence={
            "factor": factor,
            "rows": count,
            "share": round(count / len(case), 6),
            "rows_in_test": int((mask & case.test).sum()),
            "rows_looked_at": len(case),
        },
        message=(
            f"`{target}` of {count} rows ({count / len(case):.1%}) is {factor:.0f} times {than} "
            "than in the rows most like them, and hardly any lies between: another unit?"
        ),
        remedy="look at these rows; bring all to one unit in the source",
    )
