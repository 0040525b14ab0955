"""target.undeclared: columns that sound as if known only after the outcome, and decide it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.availability import perhaps_after
from ninefold.leakage._strongest import is_number
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import area_error
from ninefold.leakage.power import MIN_ROWS, Power, View

MIN_Z = 4.0
"""z of the lead over the next column, below which it is that of these rows."""
TELLS_AREA, TELLS_R2 = 0.65, 0.1
"""ROC area, or R² of ranks, below which a column decides nothing, whatever it leads."""


@dataclass(frozen=True)
class _Lead:
    """What a column alone tells out of fold, what the next one does, and how sure the lead is."""

    score: float
    next_column: str
    next_score: float
    z: float
    klass: int | None


class LateNamesCheck(Check):
    """Columns that `ninefold init` listed as perhaps known only after the outcome, and that nobody
    declared either way, where one of them tells the target more than any other column does.

    No statistic decides when a value was known. The name raises the question, the lead makes it
    worth asking; `available_at` answers it, with `after` or with `before`.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.undeclared",)

    def findings(self, case: Case) -> Iterator[Finding]:
        problem, power = case.problem, case.power
        free = [n for n in case.inputs if n != problem.time and n not in problem.group]
        column, values = case.frame.column, case.frame.__getitem__
        late = {name for name in free if perhaps_after(column(name), problem.target, values)}
        if not late or len(power.case) < MIN_ROWS:
            return
        views = [view for view in power.views if view.aspect != "words" and view.column in free]
        others = [view for view in views if view.column not in late]
        for name in sorted(late - problem.available_at.keys()):
            if case.is_apart(name) or (is_number(power, name) and power.is_lag(name)):
                continue
            lead = _lead(power, [view for view in views if view.column == name], others)
            if lead is not None:
                yield _finding(case, name, lead)


def _lead(power: Power, own: list[View], others: list[View]) -> _Lead | None:
    """Return the lead of the best view of a column over those of all others, if it is sure."""
    if not own:
        return None
    best = max((power.alone(view) for view in own), key=lambda one: one.score)
    klass = best.klass
    score = _score(power, best.view, klass)
    if score < (TELLS_R2 if klass is None else TELLS_AREA):
        return None
    scored = [(_score(power, view, klass), view.column) for view in others]
    following, column = max(scored, default=(0.0 if klass is None else 0.5, ""))
    error = np.hypot(_error(power, score, klass), _error(power, following, klass))
    z = float((score - following) / max(error, 1e-12))
    return _Lead(score, column, following, z, klass) if z >= MIN_Z else None


def _score(power: Power, view: View, klass: int | None) -> float:
    """Return what the bins of a view tell out of fold: of a class, or of the target's number."""
    y = power.y if klass is None else (power.y == klass).astype(np.float64)
    return power.score(power.means(view.codes, y), klass)


def _error(power: Power, score: float, klass: int | None) -> float:
    """Return the standard error of a score: of a ROC area, or of R²."""
    if klass is None:
        r2 = max(score, 0.0)
        return float(2 * np.sqrt(r2) * (1 - r2) / np.sqrt(len(power.case)))
    return area_error(score, power.y == klass)


def _finding(case: Case, name: str, lead: _Lead) -> Finding:
    unit, said = ("r2_of_ranks", "R² of ranks") if lead.klass is None else ("roc_auc", "ROC area")
    follows = f"the next column, `{lead.next_column}`, {lead.next_score:.3f}"
    return Finding(
        kind="target.undeclared",
        severity="warn",
        columns=(name,),
        evidence={
            "rows_looked_at": len(case.power.case),
            f"{unit}_alone": round(lead.score, 4),
            "next_column": lead.next_column,
            f"{unit}_of_next_column": round(lead.next_score, 4),
            "z_of_lead": round(lead.z, 1),
        },
        message=f"`{name}` sounds as if it were known only after the outcome, and tells "
        f"`{case.problem.target}` better than any other column: {said} {lead.score:.3f}, "
        f"{follows if lead.next_column else 'and there is no other'}. When is it known?",
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards; "
        "`before`, if a model in use has it in time",
        fix=known_after([name]),
    )
