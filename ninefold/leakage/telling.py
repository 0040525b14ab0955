"""Columns that tell the target and have nothing in common with anything else in the table.

A cause of the target, or a measure of what also shows in other columns, remains tied to them when
the target is known. What was made from the target, with whatever noise, is not: given the target,
it is independent of every other column (the Markov property of a child with one parent; Pearl,
Causality, 2009, ch. 1). The stronger the others tell the target, the surer that test.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ninefold.leakage.power import Alone, Power, View

MIN_AREA, MIN_R2, MIN_SIDE = 0.84, 0.75, 0.88
"""What a column must tell alone to be looked at: of a class, of a number, of a number if the column
has two values."""
SURE_AREA, SURE_R2 = 0.97, 0.95
"""What it must tell alone where the others say too little to test it, or tell more."""
SLACK = 1.3
"""How many times the error of the others a column may have that is told apart from them."""
EQUAL = 0.997
"""Score of the others from which an exact column may be just one of many that are exact."""
INDEPENDENT_Z, SMALL_Z, SMALL = 4.0, 2.5, 400
"""z of the tie to the other columns, corrected for their number, below which there is none."""
LITTLE = 0.1
"""R² of that tie which a column filled in later may have: it knows a bit of what came between."""
LEAD_ROWS = 800
"""Rows below which a small tie cannot be told from a weak cause."""
LEAD = 2.0
"""How many times smaller its error is than that of all the others together, then."""
MAX_LOOKED_AT = 12


@dataclass(frozen=True)
class Telling:
    """A view that tells the target, and why that is no honest strength.

    `alone` and `rest` are scores out of fold: ROC areas, or R² of a number's normal scores.
    """

    view: View
    klass: int | None
    alone: float
    rest: float
    tie: float
    z: float
    why: Literal["child", "lead"]

    def evidence(self, rows: int) -> dict[str, float]:
        """Return the numbers behind it."""
        unit = "roc_auc" if self.klass is not None else "r2_of_ranks"
        return {
            "rows_looked_at": rows,
            f"{unit}_alone": round(self.alone, 4),
            f"{unit}_of_all_others": round(self.rest, 4),
            "r2_on_others_given_target": round(self.tie, 4),
            "z_of_that_tie": round(self.z, 1),
        }


def telling(power: Power) -> list[Telling]:
    """Return the views that tell too much, strongest first; at most one a column."""
    looked = [(one, *_tie(power, one)) for one in _strong(power)]
    suspects = [item for item in looked if _is_suspect(power, *item)]
    leaving = {one.view.column for one, _, _ in suspects}
    rest: dict[int | None, float] = {}
    found = []
    for one, tie, z in suspects:
        if one.klass not in rest:
            rest[one.klass] = power.together(leaving, one.klass)
        is_child = z < _bound(power, one)
        if (_is_child if is_child else _leads)(power, one, rest[one.klass], z):
            why: Literal["child", "lead"] = "child" if is_child else "lead"
            found.append(Telling(one.view, one.klass, one.score, rest[one.klass], tie, z, why))
    return found


def _strong(power: Power) -> list[Alone]:
    """Return the strongest view of each column that is worth a look, gaps before values."""
    best: dict[str, Alone] = {}
    for view in power.views:
        if view.column == power.case.problem.time or _is_name(power, view) or _is_rare(power, view):
            continue
        one = power.alone(view)
        least = MIN_AREA if one.klass is not None else MIN_SIDE if _is_binary(view) else MIN_R2
        known = best.get(view.column)
        if one.score >= least and (known is None or one.score >= known.score - 0.01):
            best[view.column] = one
    return sorted(best.values(), key=lambda one: -one.score)[:MAX_LOOKED_AT]


def _is_name(power: Power, view: View) -> bool:
    """Tell whether a view is a date, or has too many categories to be held against others."""
    kind = power.case.frame.column(view.column).kind
    is_text = kind in ("category", "text") and int(view.codes.max()) > len(power.case) / 20
    return view.aspect == "value" and (kind == "datetime" or is_text)


def _is_rare(power: Power, view: View) -> bool:
    """Tell whether one of two values is too rare to hold against the order of a number.

    Or stands in few runs along the rows: a regime, which goes with any trend.
    """
    if power.is_classification or not _is_binary(view):
        return False
    inside = view.codes == view.codes.max()
    share = float(inside.mean())
    runs = np.diff(inside[power.case.order]) != 0
    is_regime = view.aspect != "gap" and runs.sum() < len(inside) * share * (1 - share)
    return min(share, 1 - share) < max(0.15, 30 / len(inside)) or bool(is_regime)


def _is_binary(view: View) -> bool:
    return int(view.codes.max()) - int(view.codes.min()) == 1


def _tie(power: Power, one: Alone) -> tuple[float, float]:
    return power.shared(one.view, {one.view.column}, one.klass)


def _is_suspect(power: Power, one: Alone, tie: float, z: float) -> bool:
    is_number = power.case.frame.column(one.view.column).kind == "number"
    return z < _bound(power, one) or (one.klass is not None and is_number and tie < LITTLE)


def _bound(power: Power, one: Alone) -> float:
    """Return the z below which a view is tied to nothing; stricter in a table of few rows."""
    is_small = len(power.case) < SMALL and one.view.aspect == "value"
    return SMALL_Z if is_small else INDEPENDENT_Z


def _is_child(power: Power, one: Alone, rest: float, z: float) -> bool:
    """Tell whether independence of the others means anything: they must tell the target too.

    Where they tell it better, a weak independent column is no more than that: sites, batches. Gaps
    are asked less: honest ones go with what explains them.
    """
    is_area = one.klass is not None or _is_binary(one.view)
    if len(power.case.inputs) < 2:
        return False
    if z == 0 and one.score > 0.999:
        return rest < EQUAL
    leads = one.view.aspect != "value" or 1 - one.score <= SLACK * (1 - rest)
    is_tested = rest >= (0.6 if one.klass is not None else 0.05)
    return one.score >= (SURE_AREA if is_area else SURE_R2) or (is_tested and leads)


def _leads(power: Power, one: Alone, rest: float, z: float) -> bool:
    """Tell whether all the others together leave far more open than this one alone."""
    return len(power.case) >= LEAD_ROWS and rest <= 0.85 and 1 - rest >= LEAD * (1 - one.score)
