"""preprocessing: numbers that were scaled, filled in or rotated by what all rows hold."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._adjusted import adjusted
from ninefold.leakage._fills import CLEAR, LESS_CLEAR, SPIKE, is_centre, is_mean, is_median
from ninefold.leakage._listed import listed
from ninefold.leakage._scales import (
    CHANCE,
    EXACT,
    Column,
    centred,
    is_honest,
    min_max,
    numeric,
    ranked,
    standardised,
)
from ninefold.leakage.case import Case, Check, Finding, Severity

CANDIDATES = 5
"""Most frequent values that may have been filled in."""
VARIED = 100
"""Values of a column from which it is no design, whose columns are made without correlation.
"""
MEASURED = 20
"""Values of a column from which one of its own may stand out; of fewer, one with more digits."""


class PreprocessingCheck(Check):
    """Columns that bear the exact fingerprint of a statistic fitted on train and test together.

    Mean 0 and deviation 1, median 0 and quartiles 1 apart, least 0 and greatest 1, columns without
    any correlation, or with another one, a filled-in value that is the mean of the others: over all
    rows to the last digit, over the train rows not.
    One scaled column among several others may be an index that was published so: an info. Such
    peeking hardly moves a score (scaling: under .005 in ROC area), so it never blocks.
    """

    family: ClassVar[str] = "preprocessing"
    kinds: ClassVar[tuple[str, ...]] = (
        "preprocessing.scaling",
        "preprocessing.imputation",
        "preprocessing.rotation",
        "preprocessing.adjustment",
        "preprocessing.ranks",
    )
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        columns = [c for name in case.inputs if (c := numeric(case, name)) is not None]
        rotated = _rotated(case, columns)
        if rotated:
            yield _finding(
                case, "rotation", rotated, "have no correlation at all, as PCA leaves it"
            )
        taken = set(rotated)
        free, of = adjusted(case, [c for c in columns if c.name not in taken])
        if free:
            what = f"have no correlation at all with {listed(of)}, as a regression leaves it"
            yield _finding(case, "adjustment", free, what)
        kinds = (
            ("scaling", standardised, "have mean 0 and standard deviation 1 exactly"),
            ("scaling", centred, "have median 0 and quartiles 1 apart exactly"),
            ("ranks", ranked, "are ranks, counted"),
            (
                "scaling",
                min_max,
                "reach from exactly one end of a scale to the other (0 to 1, -1 to 1)",
            ),
        )
        for kind, test, what in kinds:
            names = tuple(n for n in test(case, columns) if n not in taken)
            taken |= set(names)
            if names:
                alone = len(names) == 1 and len(columns) > 2
                yield _finding(case, kind, names, what, "info" if alone else "warn")
        filled = _imputed(case, columns)
        if filled:
            what = "hold one value again and again that is the average of their other values"
            yield _finding(case, "imputation", filled, what)


def _rotated(case: Case, columns: list[Column]) -> tuple[str, ...]:
    """Find columns that are centred and uncorrelated to the last digit."""
    fine = [c for c in columns if c.present.all() and c.distinct > min(len(c.x) / 2, VARIED)]
    fine = [c for c in fine if abs(c.x.mean()) <= max(EXACT, c.step) * c.x.std()]
    if len(fine) < 2:
        return ()
    tolerance = np.array([max(EXACT, 5 * c.step / (c.x.std() * np.sqrt(len(c.x)))) for c in fine])
    near = np.maximum.outer(tolerance, tolerance)
    loose = np.abs(np.corrcoef([c.x for c in fine]) - np.eye(len(fine))) > near
    kept = list(range(len(fine)))
    while kept and (tied := loose[np.ix_(kept, kept)].sum(axis=1)).any():
        kept.pop(int(tied.argmax()))
    pairs = np.triu_indices(len(kept), 1)
    chances = np.minimum(1, near[np.ix_(kept, kept)] * np.sqrt(len(case)))
    if len(kept) < 2 or np.log10(chances[pairs]).sum() > CHANCE:
        return ()
    for mask in (case.train, ~case.test):
        inside = np.abs(np.corrcoef([fine[i].x[mask] for i in kept]) - np.eye(len(kept)))
        if is_honest(case, bool((inside <= near[np.ix_(kept, kept)]).all())):
            return ()
    return tuple(fine[i].name for i in kept)


def _imputed(case: Case, columns: list[Column]) -> list[str]:
    """Find columns with a spike at the mean or median of all other values.

    One must stand out far; of several each need not.
    """
    for times, least in ((LESS_CLEAR, 2), (CLEAR, 1)):
        found = [column.name for column in columns if _is_imputed(case, column, times)]
        if len(found) >= least:
            return found
    return []


def _is_imputed(case: Case, column: Column, times: float) -> bool:
    x = column.x[column.present]
    values, counts = np.unique(x, return_counts=True)
    for place in _candidates(x, values, counts):
        spike, second = float(values[place]), int(np.delete(counts, place).max())
        is_clear = len(values) >= MEASURED and counts[place] >= times * second
        rest = x[x != spike]
        for centre in (is_mean, is_median):
            if not centre(spike, rest, second, is_clear):
                continue
            masks = (case.train, ~case.test)
            train = [column.x[column.present & m & (column.x != spike)] for m in masks]
            same = any(len(t) > 0 and is_centre(spike, t, second) for t in train)
            return not is_honest(case, same)
    return False


def _candidates(x: Array, values: Array, counts: Array) -> list[int]:
    """Return the places of the most frequent values, and of the one nearest to the mean `x` has.

    Whole numbers hold few others, each oftener than the mean that their gaps were filled with.
    """
    often = np.argsort(-counts, kind="stable")[: CANDIDATES if len(values) >= MEASURED else 0]
    mean = int(np.abs(values - x.mean()).argmin())
    least = max(SPIKE, 0.002 * len(x))
    return [int(k) for k in dict.fromkeys([*often, mean]) if counts[k] >= least]


def _finding(
    case: Case, kind: str, names: Sequence[str], what: str, severity: Severity = "warn"
) -> Finding:
    given = case.split_kind == "given"
    told = "train and test together, but not over train alone" if given else "all rows"
    return Finding(
        kind=f"preprocessing.{kind}",
        severity=severity,
        columns=tuple(names),
        evidence={
            "columns": len(names),
            "rows": len(case),
            "log10_probability_by_chance_at_most": CHANCE,
        },
        message=(
            f"{listed(names)} {what} over {told}: they were prepared with the test rows in view. "
            "That moves a score little, but a served model meets rows that no one prepared so"
        ),
        remedy="give the columns as measured; Ninefold fits the preparation on the train rows",
    )
