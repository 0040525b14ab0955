"""target.bands: labels of intervals of a number that is to be predicted."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._given import is_given
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_arrangements
from ninefold.sequences import holds_steps, recipe


class BandsCheck(Check):
    """Features each of whose values covers an interval of the target of its own.

    Rows sorted by the target then show each value in one unbroken run, which shuffled values do
    with one over the number of their arrangements; rows of one target may have two, and then show
    nothing. Values of one row each are no bands: a trend of one entity, 0 in all others, lies at an
    end of the target where the entity does. The name of the series that windows come from is none
    either: it is known before, and each series has its level. Nor is what a column without
    bands gives as well: shops sell nothing on Sundays.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.bands",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.is_classification:
            return
        formats = filter(holds_steps, case.formats.values())
        series = {recipe(said).get("entity") for said in formats}
        chances = {name: _chance(case, name) for name in case.inputs if name not in series}
        others = [name for name, chance in chances.items() if chance is None]
        for name, chance in chances.items():
            if chance is not None and not is_given(case, name, others):
                yield _finding(case, name, chance)


def _chance(case: Case, name: str) -> float | None:
    """Return log10 of the chance that a column's values are bands of the target, if they are."""
    present = ~case.is_missing(name)
    codes = np.unique(case.codes[name][present], return_inverse=True)[1]
    if len(codes) < 50 or codes.max() < 1 or codes.max() > len(codes) / 3:
        return None
    counts = np.bincount(codes)
    if np.median(np.sort(counts)[:-1]) < 2:
        return None
    runs, chance = _runs(codes, case.y[present])
    return chance if runs == len(counts) and chance <= SURE else None


def _runs(codes: Array, y: Array) -> tuple[int, float]:
    """Return the runs of values `(N,)` along a target `(N,)`, and log10 of the chance of one each.

    Values of one target stand in the order of all their rows.
    """
    count = np.bincount(codes)
    place = np.argsort(np.argsort(np.bincount(codes, y) / count, kind="stable"))
    order = np.lexsort((place[codes], y))
    runs = int((np.diff(codes[order]) != 0).sum()) + 1
    same = np.unique(y, return_inverse=True)[1]
    least, most = np.full(same.max() + 1, len(count)), np.zeros(same.max() + 1, dtype=np.int64)
    np.minimum.at(least, same, codes)
    np.maximum.at(most, same, codes)
    told = np.bincount(codes[(least == most)[same]], minlength=len(count))
    return runs, -log10_arrangements(told) + len(count) * float(np.log10(len(count)))


def _finding(case: Case, name: str, chance: float) -> Finding:
    values = len(np.unique(case.codes[name][~case.is_missing(name)]))
    return Finding(
        kind="target.bands",
        severity="warn",
        columns=(name,),
        evidence={"values": values, "log10_probability_by_chance": round(chance, 1)},
        message=f"each of the {values} values of `{name}` has an interval of "
        f"`{case.problem.target}` of its own, without a single exception: it is the target in "
        "bands",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
