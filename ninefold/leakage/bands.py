"""target.bands: labels of intervals of a number that is to be predicted."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_arrangements
from ninefold.sequences import holds_steps, recipe


class BandsCheck(Check):
    """Features each of whose values covers an interval of the target of its own.

    Rows sorted by the target then show each value in one unbroken run, which shuffled values do
    with one over the number of their arrangements. Values of one row each are no bands: a trend of
    one entity, 0 in all others, lies at an end of the target where the entity does. The name of the
    series that windows come from is none either: it is known before, and each series has its level.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.bands",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if case.is_classification:
            return
        formats = filter(holds_steps, case.formats.values())
        y, series = case.y, {recipe(said).get("entity") for said in formats}
        for name in case.inputs:
            if name in series:
                continue
            present = ~case.is_missing(name)
            codes = np.unique(case.codes[name][present], return_inverse=True)[1]
            if len(codes) < 50 or codes.max() < 1 or codes.max() > len(codes) / 3:
                continue
            counts = np.bincount(codes)
            if np.median(np.sort(counts)[:-1]) < 2:
                continue
            order = np.lexsort((codes, y[present]))
            runs = int((np.diff(codes[order]) != 0).sum()) + 1
            chance = -log10_arrangements(counts) + len(counts) * np.log10(len(counts))
            if runs == len(counts) and chance <= SURE:
                yield _finding(case, name, len(counts), chance)


def _finding(case: Case, name: str, values: int, chance: float) -> Finding:
    return Finding(
        kind="target.bands",
        severity="warn",
        columns=(name,),
        evidence={"values": values, "log10_probability_by_chance": round(float(chance), 1)},
        message=f"each of the {values} values of `{name}` has an interval of "
        f"`{case.problem.target}` of its own, without a single exception: it is the target in "
        "bands",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
