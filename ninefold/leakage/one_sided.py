"""target.one_sided: categories, or one side of a flag, that hardly any row but one class's has."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._left_open import shared
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE
from ninefold.leakage.power import Power, View
from ninefold.leakage.telling import TESTED_AREA

MIN_ROWS, COVERED, LARGEST = 20, 0.25, 0.6
"""Rows of one class only, the share of that class that they must be, and what share of all rows the
class may be: of two rare things hardly any row has both."""
MOST_LEVELS, FEW = 30, 5
"""Categories of a column that is looked at, and rows from which one counts as of one class."""
MOSTLY, NEARLY_ALL, TIMES = 0.4, 0.85, 10.0
"""Share of a class that a flag covers that other rows have too (more of it is judged by `telling`),
and how many times as often as these it has it at least, two standard errors allowed."""
TIED, UNLIKE = 3.0, 1e-3
"""z of a tie to the other columns, given the target, from which it may be a cause, and the chance
from which on the classes differ among the other categories."""


class OneSidedCheck(Check):
    """Flags and categories set for much of one class and for no row, or hardly any, of the others.

    So stand a chargeback, a refund or a status that was written down after the outcome, for as many
    rows as somebody came round to. It counts only if, given the target, it has nothing in common
    with the other columns, these tell the target themselves, and the other categories do not: a
    symptom that only the ill show goes with the other symptoms.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.one_sided",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.is_classification or len(case) < 5 * MIN_ROWS:
            return
        power = case.power
        for view in power.views:
            if view.aspect != "value" or not _is_of_few(power, view):
                continue
            for code in np.flatnonzero(np.bincount(power.y) <= LARGEST * len(power.y)).tolist():
                found = _only(view.codes, power.y, code) or _mostly(view.codes, power.y == code)
                if found is None:
                    continue
                inside, evidence = found
                flag = inside.astype(np.int64)
                one = View(view.column, "value", flag, flag.astype(np.float64))
                alike = _are_alike(view.codes[~inside], power.y[~inside])
                if alike and _is_free(power, one, code):
                    yield _finding(power, one, code, evidence)
                    break


def _is_of_few(power: Power, view: View) -> bool:
    column = power.case.frame.column(view.column)
    levels = len(np.unique(view.codes))
    return levels == 2 or (column.kind in ("category", "text") and levels <= MOST_LEVELS)


def _only(codes: Array, y: Array, code: int) -> tuple[Array, dict[str, float]] | None:
    """Return the rows `(N,)` of categories that only one class has, and what chance says of them.

    Every choice of categories might have come out so, for every class.
    """
    of_class = y == code
    levels, classes = int(codes.max()) + 1, int(y.max()) + 1
    count = np.bincount(codes, minlength=levels)
    pure = (np.bincount(codes, of_class, minlength=levels) == count) & (count >= FEW)
    inside = pure[codes]
    ways = levels * np.log10(2) + np.log10(classes)
    chance = inside.sum() * np.log10(max(float(of_class.mean()), 1e-300)) + ways
    covered = float(inside.sum() / max(of_class.sum(), 1))
    if chance > SURE or inside.sum() < MIN_ROWS or not COVERED <= covered < 1:
        return None
    return inside, {
        "share_of_class": round(covered, 4),
        "share_of_others": 0.0,
        "log10_probability_by_chance": round(float(chance), 1),
    }


def _mostly(codes: Array, of_class: Array) -> tuple[Array, dict[str, float]] | None:
    """Return the side of a flag `(N,)` that is many times as frequent in a class as elsewhere."""
    if len(np.unique(codes)) != 2:
        return None
    for inside in (codes == codes.max(), codes != codes.max()):
        hits = np.array([(inside & of_class).sum(), (inside & ~of_class).sum()])
        size = np.array([of_class.sum(), (~of_class).sum()])
        share = (hits + 0.5) / (size + 1)
        error = float(np.sqrt((1 / (hits + 0.5) - 1 / (size + 1)).sum()))
        least = float(np.log(share[0] / share[1])) - 2 * error
        if hits[0] >= MIN_ROWS and MOSTLY <= share[0] <= NEARLY_ALL and least >= np.log(TIMES):
            return inside, {
                "share_of_class": round(float(hits[0] / size[0]), 4),
                "share_of_others": round(float(hits[1] / size[1]), 4),
                "times_as_frequent_at_least": round(float(np.exp(least)), 1),
            }
    return None


def _are_alike(codes: Array, y: Array) -> bool:
    """Tell whether all other categories have the classes alike, as before the outcome.

    Islands and sites differ in what lives there altogether.
    """
    from scipy.stats import chi2_contingency

    if len(np.unique(codes)) < 2:
        return True
    code, label = (np.unique(v, return_inverse=True)[1] for v in (codes, y))
    table = np.bincount(code * (int(label.max()) + 1) + label).astype(np.float64)
    table.resize(int(code.max()) + 1, int(label.max()) + 1)
    return bool(chi2_contingency(table).pvalue > UNLIKE)


def _is_free(power: Power, view: View, code: int) -> bool:
    """Tell whether a column has nothing in common with the others, which tell the target."""
    if len(power.case.inputs) < 2 or shared(power, view, {view.column}, code)[1] >= TIED:
        return False
    return power.together({view.column}, code) >= TESTED_AREA


def _said(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _finding(power: Power, view: View, code: int, evidence: dict[str, float]) -> Finding:
    case, name = power.case, view.column
    shown = ", ".join(_said(v) for v in np.unique(case.frame[name][view.codes == 1])[:3])
    label = _said(case.frame[case.problem.target][int((case.y == code).argmax())])
    others = evidence["share_of_others"]
    rest = f"{others:.1%} of the others" if others else "no other row"
    return Finding(
        kind="target.one_sided",
        severity="warn",
        columns=(name,),
        evidence={"rows": int(view.codes.sum()), **evidence},
        message=f"`{name}` is {shown} in {evidence['share_of_class']:.0%} of the rows of "
        f"`{case.problem.target}` {label} and in {rest}, and given the target it is tied to no "
        "other column. Was it known before the outcome?",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
