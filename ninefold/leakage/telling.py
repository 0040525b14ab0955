"""Columns that tell the target and have nothing in common with anything else in the table.

A cause of the target, or a measure of what also shows in other columns, remains tied to them when
the target is known. What was made from the target, with whatever noise, is not: given the target,
it is independent of every other column (the Markov property of a child with one parent; Pearl,
Causality, 2009, ch. 1). The stronger the others tell the target, the surer that test.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ninefold.leakage._flips import is_flipped_copy
from ninefold.leakage._given import is_given
from ninefold.leakage._left_open import shared
from ninefold.leakage._scores import is_parted
from ninefold.leakage._strongest import (
    MAX_LOOKED_AT,
    MIN_AREA,
    MIN_SIDE,
    is_binary,
    is_number,
    strongest,
)
from ninefold.leakage.chance import area_error, auc
from ninefold.leakage.identifier import is_numbering
from ninefold.leakage.power import Alone, Power, View

SURE_AREA, SURE_R2 = 0.97, 0.95
"""What it must tell alone where the others say too little to test it."""
TESTED_AREA, TESTED_R2 = 0.6, 0.05
"""What the others must tell for a column's independence of them to mean anything."""
MANY = 30
"""Values from which a number is a measure, not a class of its own."""
SLACK, SLACK_OF_COPY = 1.3, 2.5
"""How many times the error of the others a column may have that is told apart from them; the second
if it holds the target's own values, some turned round."""
EQUAL = 0.997
"""Score of the others from which an exact column may be just one of many that are exact."""
INDEPENDENT_Z, SMALL_Z, SMALL = 4.0, 2.5, 400
"""z of the tie to the other columns, corrected for their number, below which there is none."""
WEAK_AREA, WEAK_R2, WEAK_Z = 0.9, 0.8, 3.0
"""ROC area, or R² of a number, below which that is asked more strictly, and the z then."""
LITTLE = 0.1
"""R² of that tie which a column filled in later may have: it knows a bit of what came between."""
LEAD_ROWS = 800
"""Rows below which a small tie cannot be told from a weak cause."""
LEAD = 2.0
"""How many times smaller its error is than that of all the others together, then."""
CUT, FAR, LEAST_LEFT, LEAST_LEFT_OF_MANY = 0.998, 10.0, 0.01, 0.05
"""ROC area of a number that cuts the target nearly exactly, how many times more all the others must
leave open, and how much at least: the largest of many kinds is told by one measure, honestly."""
ERRORLESS = 0.999
"""ROC area of words that are the label of two classes: what a text is about tells them less surely;
of many classes, titles name them honestly."""
FEWEST = 2
"""Other measures from which it can be told whether all are children of the target."""


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
    why: Literal["child", "lead", "cut"]
    is_untested: bool = False
    """A strong cause would look the same: the others tell too little to say."""

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
    strong = strongest(power)
    looked = [(one, *shared(power, one.view, {one.view.column}, one.klass)) for one in strong]
    suspects = [item for item in looked if _is_suspect(power, *item)]
    every = {one.view.column for one, _, _ in suspects}
    free = {one.view.column for one, _, z in suspects if z < _bound(power, one)}
    rest: dict[tuple[int | None, frozenset[str]], float] = {}
    found = []
    for one, tie, z in suspects:
        # What is tied to others is no child, and tests whether gaps are one.
        # A column that is tied to others is held against these: two measures of one thing.
        is_tied = one.view.column not in free
        others = free if is_tied or one.view.aspect == "gap" else every
        others = others | {one.view.column}
        leaving = frozenset(others if _is_sure(power, one) else {one.view.column})
        if (one.klass, leaving) not in rest:
            rest[one.klass, leaving] = power.together({*leaving}, one.klass)
        told = rest[one.klass, leaving]
        why = _why(power, one, tie, z, told)
        if why is not None and not _is_said_elsewhere(power, one, every):
            score = max(one.score, _cut(power, one)) if why == "cut" else one.score
            untested = _is_untested(power, one, told)
            found.append(Telling(one.view, one.klass, score, told, tie, z, why, untested))
    return found


def _is_said_elsewhere(power: Power, one: Alone, suspects: set[str]) -> bool:
    """Tell whether two values that part a number are what a column gives as well that does not."""
    if power.is_classification or not is_binary(one.view):
        return False
    return is_given(power.case, one.view.column, {*power.case.inputs} - suspects)


def _is_sure(power: Power, one: Alone) -> bool:
    """Tell whether other suspects are left out of what a view is held against.

    In few rows honest measures of one thing look free of each other, and tell the target alike.
    """
    is_area = one.klass is not None or is_binary(one.view)
    return _rows(power, one) >= SMALL or one.score >= (SURE_AREA if is_area else SURE_R2)


def _why(
    power: Power, one: Alone, tie: float, z: float, rest: float
) -> Literal["child", "lead", "cut"] | None:
    """Return why a view is no honest strength, if it is not."""
    if z < _bound(power, one):
        if _is_child(power, one, rest, z):
            return "child"
    elif _may_lead(power, one, tie) and _leads(power, one, rest):
        return "lead"
    least = LEAST_LEFT if power.classes < 3 else LEAST_LEFT_OF_MANY
    return "cut" if 1 - rest >= max(FAR * (1 - _cut(power, one)), least) else None


def _cut(power: Power, one: Alone) -> float:
    """Return the ROC area of a number's order for a class, if it cuts it nearly exactly, or -inf.

    The bins that `Alone` is scored by blur such a cut. Whole numbers in use alike, years or numbers
    of entities, are no measure: that files list one class after the other is judged elsewhere.
    """
    if one.klass is None or one.view.aspect != "value" or not is_number(power, one.view.column):
        return -np.inf
    known = np.isfinite(one.view.scores)
    if is_numbering(one.view.scores[known]):
        return -np.inf
    area, z = auc(one.view.scores[known], power.case.y[known] == one.klass)
    area = max(area, 1 - area)
    return area if area >= CUT and abs(z) >= 8 and known.mean() > 0.5 else -np.inf


def _is_untested(power: Power, one: Alone, rest: float) -> bool:
    """Tell whether a measure without gaps between the classes is alone in telling anything."""
    is_class = one.klass is not None
    if one.view.aspect == "words":
        return rest < TESTED_AREA and (power.classes > 2 or one.score < ERRORLESS)
    if one.view.aspect != "value" or rest >= (TESTED_AREA if is_class else TESTED_R2):
        return False
    known = np.isfinite(one.view.scores)
    x = one.view.scores[known]
    if not is_number(power, one.view.column) or len(np.unique(x)) < MANY:
        return False
    return not (is_class and is_parted(x, power.case.y[known] == one.klass))


def _is_suspect(power: Power, one: Alone, tie: float, z: float) -> bool:
    is_free = z < _bound(power, one) or _may_lead(power, one, tie)
    return is_free or _cut(power, one) >= CUT


def _may_lead(power: Power, one: Alone, tie: float) -> bool:
    is_measure = one.klass is not None and is_number(power, one.view.column)
    return is_measure and one.score >= WEAK_AREA and tie < LITTLE


def _bound(power: Power, one: Alone) -> float:
    """Return the z below which a view is tied to nothing; stricter in a table of few rows.

    And of a view that tells the target no better than measures often do.
    """
    if _rows(power, one) < SMALL and one.view.aspect in ("value", "words"):
        return SMALL_Z
    is_weak = one.score < (WEAK_AREA if one.klass is not None else WEAK_R2)
    return WEAK_Z if is_weak else INDEPENDENT_Z


def _is_child(power: Power, one: Alone, rest: float, z: float) -> bool:
    """Tell whether independence of the others means anything: they must tell the target too.

    Where they tell it better, an independent column is no more than that: sites, batches, means of
    what the others hold. Gaps are asked less: honest ones go with what explains them.
    """
    is_area = one.klass is not None or is_binary(one.view)
    if len(power.case.inputs) < 2:
        return False
    if z == 0 and one.score > 0.999:
        return rest < EQUAL
    # In few rows a weak tie goes unseen: there a column must surely tell more than all others.
    is_few = _rows(power, one) < SMALL
    slack, doubt = (1 / SLACK, 2 * _error(power, one)) if is_few else (SLACK, 0.0)
    if slack > 1 and z < SMALL_Z and is_flipped_copy(power, one.view.column):
        slack = SLACK_OF_COPY
    open_at_most = 1 - one.score + doubt
    leads = one.view.aspect not in ("value", "words") or open_at_most <= slack * (1 - rest)
    return leads and one.score >= _least(power, one, rest, is_area)


def _least(power: Power, one: Alone, rest: float, is_area: bool) -> float:
    """Return what a view must tell alone, given the others; gaps, by degrees: few tell at all."""
    sure = SURE_AREA if is_area else SURE_R2
    nothing, tested = (0.5, TESTED_AREA) if one.klass is not None else (0.0, TESTED_R2)
    if rest >= tested:
        return sure if _is_level_of_few(power, one) or _are_all_children(power, one) else 0.0
    if one.view.aspect not in ("gap", "atom"):
        return sure
    least = MIN_AREA if one.klass is not None else MIN_SIDE
    return float(np.interp(rest, (nothing, tested), (sure, least)))


def _is_level_of_few(power: Power, one: Alone) -> bool:
    """Tell whether a view is a category's usual level in few rows: continents look free of all."""
    is_level = one.view.aspect == "atom" and not is_number(power, one.view.column)
    return is_level and _rows(power, one) < SMALL


def _are_all_children(power: Power, one: Alone) -> bool:
    """Tell whether most other measures that tell the target are, once it is known, free as well.

    Then the classes are all that the columns have in common, and a strong one is a strong one.
    """
    is_measure = one.view.aspect == "value" and is_number(power, one.view.column)
    if not is_measure or len(np.unique(one.view.scores)) < MANY:
        return False
    least = TESTED_AREA if one.klass is not None else TESTED_R2
    others = [
        view
        for view in power.views
        if view.aspect == "value" and view.column != one.view.column
        and is_number(power, view.column) and power.alone(view).score >= least
    ][:MAX_LOOKED_AT]  # fmt: skip
    tied = sum(shared(power, v, {v.column}, one.klass)[1] >= INDEPENDENT_Z for v in others)
    return len(others) >= FEWEST and tied < len(others) / 2


def _leads(power: Power, one: Alone, rest: float) -> bool:
    """Tell whether all the others together leave far more open than this one alone."""
    surely = one.score - 3 * _error(power, one)
    return len(power.case) >= LEAD_ROWS and rest <= 0.85 and 1 - rest >= LEAD * (1 - surely)


def _error(power: Power, one: Alone) -> float:
    """Return the standard error of a ROC area; 0 of a number's R²."""
    return 0.0 if one.klass is None else area_error(one.score, power.case.y == one.klass)


def _rows(power: Power, one: Alone) -> float:
    """Return how many rows, half of them of the class, would say as much: few if it is rare.

    What causes a class goes with its other causes in rows of that class alone.
    """
    rows = len(power.case)
    if one.klass is None:
        return rows
    inside = int((power.case.y == one.klass).sum())
    return 4 * inside * (rows - inside) / rows
