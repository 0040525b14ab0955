"""The views that tell the target best, one a column: those it is worth to look at closely."""

import numpy as np

from ninefold.leakage._words import covered
from ninefold.leakage.chance import area_error
from ninefold.leakage.power import Alone, Power, View

MIN_AREA, MIN_R2, MIN_SIDE = 0.84, 0.75, 0.88
"""What a column must tell alone to be looked at: of a class, of a number, of a number if the column
has two values."""
MIN_GAP_AREA = 0.76
"""What gaps must tell of a class: they come honestly with an outcome, but hardly so often."""
WORDS_AREA = 0.96
"""What a few words must tell of a class: honest texts speak of it in many."""
SAID_AREA, MOSTLY_SAID = 0.8, 0.6
"""The same where the words that only texts of that class have stand in so much of it."""
MAX_LOOKED_AT = 12


def strongest(power: Power) -> list[Alone]:
    """Return the strongest view of each column that is worth a look, gaps before values."""
    best: dict[str, Alone] = {}
    for view in power.views:
        if view.column == power.case.problem.time or _is_name(power, view) or _is_rare(power, view):
            continue
        if view.aspect == "value" and is_number(power, view.column) and power.is_lag(view.column):
            continue
        one = power.alone(view)
        of_class = MIN_GAP_AREA if view.aspect == "gap" else MIN_AREA
        least = of_class if one.klass is not None else MIN_SIDE if is_binary(view) else MIN_R2
        known = best.get(view.column)
        if view.aspect == "words":
            says = covered(view.scores, power.case.y == one.klass) >= MOSTLY_SAID
            least = SAID_AREA if says else WORDS_AREA
            least = max(least, known.score + 0.02 if known is not None else 0.0)
        more = -np.inf if known is None else known.score + _better(power, view, known)
        if one.score >= max(least, more):
            best[view.column] = one
    return sorted(best.values(), key=lambda one: -one.score)[:MAX_LOOKED_AT]


def _better(power: Power, view: View, known: Alone) -> float:
    """Return by how much a view must tell more than the column's values to stand for it.

    Gaps, and a measure's usual value, say what the values only repeat; the commonest code is one.
    """
    if view.aspect == "gap" and known.klass is not None:
        return -max(0.01, 2 * area_error(known.score, power.case.y == known.klass))
    few = view.aspect == "atom" and not is_number(power, view.column)
    return 0.005 if few else -0.01


def _is_name(power: Power, view: View) -> bool:
    """Tell whether a view is a date, or has too many categories to be held against others."""
    kind = power.case.frame.column(view.column).kind
    is_text = kind in ("category", "text") and int(view.codes.max()) > len(power.case) / 20
    return view.aspect == "value" and (kind == "datetime" or is_text)


def _is_rare(power: Power, view: View) -> bool:
    """Tell whether one of two values is too rare to hold against the order of a number.

    Or stands in few runs along the rows: a regime, which goes with any trend.
    """
    if power.is_classification or not is_binary(view):
        return False
    inside = view.codes == view.codes.max()
    share = float(inside.mean())
    runs = np.diff(inside[power.case.order]) != 0
    is_regime = view.aspect != "gap" and runs.sum() < len(inside) * share * (1 - share)
    return min(share, 1 - share) < max(0.15, 30 / len(inside)) or bool(is_regime)


def is_binary(view: View) -> bool:
    """Tell whether a view has two values."""
    return int(view.codes.max()) - int(view.codes.min()) == 1


def is_number(power: Power, column: str) -> bool:
    """Tell whether a column holds numbers."""
    return power.case.frame.column(column).kind == "number"
