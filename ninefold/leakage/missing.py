"""missing: the gaps in a column tell the target."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import SURE, auc, log10_arrangements

MIN_ROWS = 20
"""Rows with and without a value that are needed to judge."""
NEARLY = 0.45
"""ROC area above one half from which the gaps are worth a look."""


class MissingCheck(Check):
    """Columns that are filled in exactly when the target has a certain value.

    A column that is missing in all rows of some classes and in no row of the others was filled in
    after the outcome: that blocks. Gaps that tell the target almost, or only in one direction, may
    be honest and warn.
    """

    family: ClassVar[str] = "missing"
    kinds: ClassVar[tuple[str, ...]] = ("missing.encodes_target", "missing.tells_target")

    def findings(self, case: Case) -> Iterator[Finding]:
        for name in case.features:
            gap = case.is_missing(name)
            if min(gap.sum(), (~gap).sum()) < MIN_ROWS:
                continue
            found = (
                _numbers(case, name, gap)
                if case.problem.task == "regression"
                else _classes(case, name, gap)
            )
            if found is not None:
                yield found


def _classes(case: Case, name: str, gap: Array) -> Finding | None:
    """Hold the gaps against the classes."""
    size = np.bincount(case.y)
    missing = np.bincount(case.y[gap], minlength=len(size))
    pure = bool(((missing == 0) | (missing == size)).all())
    chance = -log10_arrangements(np.array([gap.sum(), (~gap).sum()])) + len(size) * np.log10(2)
    if pure and chance <= SURE:
        evidence = {
            "rows_missing": int(gap.sum()),
            "rows_present": int((~gap).sum()),
            "log10_probability_by_chance": round(float(chance), 1),
        }
        what = f"is missing exactly where `{case.problem.target}` has certain classes"
        return _finding(case, name, "missing.encodes_target", evidence, what)
    effects = [(*auc(gap.astype(np.float64), case.y == code), code) for code in range(len(size))]
    area, z, _ = max(effects, key=lambda item: abs(item[0] - 0.5))
    return _telling(case, name, gap, area, z) or _one_sided(case, name, gap, size)


def _one_sided(case: Case, name: str, gap: Array, size: Array) -> Finding | None:
    """Find values (or gaps) that occur with one class only, although chance would mix them."""
    for side, mask in (("filled in", ~gap), ("missing", gap)):
        count = np.bincount(case.y[mask], minlength=len(size))
        code = int(count.argmax())
        others = (len(case) - size[code]) / len(case)
        chance = mask.sum() * np.log10(max(1 - others, 1e-300))
        if count[code] == mask.sum() and size[code] < len(case) and chance <= SURE:
            evidence = {
                "rows": int(mask.sum()),
                "share_of_class": round(float(1 - others), 6),
                "log10_probability_by_chance": round(float(chance), 1),
            }
            what = f"is {side} in rows of one class of `{case.problem.target}` only"
            return _finding(case, name, "missing.tells_target", evidence, what)
    return None


def _numbers(case: Case, name: str, gap: Array) -> Finding | None:
    """Hold the gaps against the order of a regression target."""
    area, z = auc(case.y, gap)
    return _telling(case, name, gap, area, z)


def _telling(case: Case, name: str, gap: Array, area: float, z: float) -> Finding | None:
    if abs(area - 0.5) < NEARLY or abs(z) < 8:
        return None
    evidence = {
        "rows_missing": int(gap.sum()),
        "roc_auc_of_gaps": round(max(area, 1 - area), 6),
        "z": round(abs(z), 1),
    }
    what = f"has gaps that nearly tell `{case.problem.target}`"
    return _finding(case, name, "missing.tells_target", evidence, what)


def _finding(case: Case, name: str, kind: str, evidence: dict[str, float], what: str) -> Finding:
    certain = kind == "missing.encodes_target"
    judgement = (
        "it was filled in after the outcome"
        if certain
        else "check that it is filled in before the outcome"
    )
    return Finding(
        kind=kind,
        severity="block" if certain else "warn",
        columns=(name,),
        rows=case.source_rows(case.part == "test") if certain else (),
        evidence=evidence,
        message=f"`{name}` {what}; {judgement}",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=((("problem", "available_at", name), "after"),),
    )
