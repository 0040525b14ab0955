"""target.noisy: a feature made from the target, with noise or in classes of its own."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np

from ninefold.leakage._numbered import numbered
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, auc
from ninefold.leakage.telling import SURE_AREA, SURE_R2, Telling

SAME_QUANTITY = 0.85
"""Correlation with the number a target is cut from, from which a column measures the same."""


LAID_OUT, SEVERAL = 8, 3
"""Columns of an array, and how many of them must tell the target to be its signal."""
UNTESTED = " The others tell too little to say more: a strong cause looks the same"
OF_A_PICTURE = " The picture itself tells more than its other numbers: what it shows looks the same"
OF_A_SIGNAL = " Others of its array do, too: a signal looks the same"


class NoisyCheck(Check):
    """Features that tell the target and, once it is known, have nothing to do with the rest.

    That may have an honest reading and warns; where the others tell nothing, and a measure has no
    gap between the classes, or where several columns of an array do, up to half of it, or a number
    that tells of pictures is not all but sure, it is a question and informs. It has no honest
    reading, and blocks, if the target is cut from a number known only afterwards, the feature goes
    with that number, and it is missing in rows whose outcome never came and in no other: it came
    with the outcome.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.noisy",)

    def findings(self, case: Case) -> Iterator[Finding]:
        told = [found for found in case.power.telling if found.view.aspect == "value"]
        signal = _signal(case, [found.view.column for found in told])
        for found in told:
            name = found.view.column
            if case.is_apart(name):
                continue
            yield _finding(case, found, _came_with_outcome(case, name), _doubt(case, found, signal))


def _doubt(case: Case, found: Telling, signal: set[str]) -> str:
    """Return why a strong cause would look the same, "" if it would not."""
    name = found.view.column
    if name in signal:
        return OF_A_SIGNAL
    if found.is_untested:
        return UNTESTED
    shown = [one for one, cells in case.tensors.items() if cells[0].dtype == np.uint8]
    told = any(name.startswith(f"{one} ") for one in shown)
    surely = SURE_AREA if found.klass is not None else SURE_R2
    return OF_A_PICTURE if told and found.why != "cut" and found.alone < surely else ""


def _signal(case: Case, names: Sequence[str]) -> set[str]:
    """Return those of the columns that are several of a larger array: samples of a wave, bands of a
    spectrum, components. What was made from the target is one column, or all of an array.
    """
    found: set[str] = set()
    for family in numbered(case, LAID_OUT).values():
        own = {name for name in names if name in family}
        if SEVERAL <= len(own) <= len(family) / 2:
            found |= own
    return found


def _finding(case: Case, found: Telling, came: dict[str, Any] | None, doubt: str) -> Finding:
    name, target = found.view.column, case.problem.target
    asked = f"Was it known before the outcome?{doubt}"
    if came is not None:
        asked = (
            f"It goes with `{came['goes_with']}` (correlation {came['correlation']:.2f}), from "
            f"which `{target}` is cut, and is missing where that is missing and nowhere else: it "
            "came with the outcome"
        )
    return Finding(
        kind="target.noisy",
        severity="block" if came is not None else "info" if doubt else "warn",
        columns=(name,),
        rows=() if came is None else case.source_rows(case.test & ~case.is_missing(name)),
        evidence={**found.evidence(len(case.power.case)), **(came or {})},
        message=f"`{name}` alone tells `{target}`{class_named(case, found)}: {scored(found)}; "
        f"{reason(found)}. {asked}",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )


def class_named(case: Case, found: Telling) -> str:
    """Return which class it tells, where there are more than two."""
    if found.klass is None or case.power.classes < 3:
        return ""
    row = int((case.y == found.klass).argmax())
    return f" (class {case.frame[case.problem.target][row]})"


def scored(found: Telling) -> str:
    """Return the scores in words."""
    unit = "ROC area" if found.klass is not None else "R² of ranks"
    return f"{unit} {found.alone:.3f}, all other columns together {found.rest:.3f}"


def reason(found: Telling) -> str:
    """Return why that is not what an honest strong feature looks like."""
    if found.why == "cut":
        return "a threshold on it gives the target nearly without error, the others are far from it"
    if found.why == "child":
        return "given the target it is tied to no other column, as if made from the target"
    return "given the target it is hardly tied to any other column"


def _came_with_outcome(case: Case, name: str) -> dict[str, Any] | None:
    """Return the proof that a column came with the outcome, if there is one."""
    kind = case.frame.column(name).kind
    without = case.unlabelled
    if kind != "number" or without is None or len(without) == 0:
        return None
    gaps, elsewhere = int(np.isnan(without[name]).sum()), int(case.is_missing(name).sum())
    chance = gaps * np.log10(len(without) / (len(without) + len(case)))
    if elsewhere > 0.001 * gaps or gaps < len(without) / 2 or chance > SURE:
        return None
    for source in _cut_from(case):
        both = np.isfinite(case.frame[name]) & np.isfinite(case.frame[source])
        x, y = case.frame[name][both], case.frame[source][both]
        correlation = float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else 0.0
        if abs(correlation) >= SAME_QUANTITY:
            return {
                "goes_with": source,
                "correlation": round(correlation, 4),
                "missing_where_the_outcome_is": gaps,
                "missing_elsewhere": elsewhere,
                "log10_probability_by_chance": round(float(chance), 1),
            }
    return None


def _cut_from(case: Case) -> list[str]:
    """Return the numbers known only afterwards whose threshold is the target."""
    if not case.is_classification or case.power.classes != 2:
        return []
    found = []
    for column in case.frame.having("after"):
        if column.kind == "number" and not np.isnan(case.frame[column.name]).any():
            area = auc(case.frame[column.name], case.y == 1)[0]
            if area in (0.0, 1.0):
                found.append(column.name)
    return found
