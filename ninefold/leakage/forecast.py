"""encoding.forecast: a feature that is a model's answer for the very rows it was fitted on."""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ninefold.leakage._scores import ridge_out_of_fold
from ninefold.leakage._strongest import is_number
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.power import Power, View

MIN_ROWS, MOST = 150, 3
"""Fewest rows that say something, and features that are looked at, those that tell most."""
MIN_VALUES = 30
"""Values of a feature that can be an answer."""
OPEN, TOLD = 0.6, 0.1
"""Most of what all others leave open that the feature leaves, and least that the others tell."""
BEYOND, CLEAR = 0.15, 5.0
"""How much more alike the two errors are than the one is smaller, and in standard errors."""


class ForecastCheck(Check):
    """Numbers whose error is the error of a model of all other features, only smaller.

    Two errors e and g of honest measures of one target, e on what the feature tells and g on what
    the others tell, have as squared correlation the share var(e) / var(g), at most: then the
    feature's error has nothing to do with what it says beyond the others. A model that has seen
    the row's own target goes a part of the way from what it could know to that target: its error
    points where that of an honest model points, however small it is.
    """

    family: ClassVar[str] = "encoding"
    kinds: ClassVar[tuple[str, ...]] = ("encoding.forecast",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if len(case) < MIN_ROWS or len(case.inputs) < 2:
            return
        power = case.power
        for view, klass in _strong(power):
            evidence = _shrunk(power, view, klass)
            if evidence is not None:
                yield _finding(case, view.column, evidence)


def _strong(power: Power) -> list[tuple[View, int | None]]:
    """Return the numbers that tell the target, or one of its classes, best."""
    found = []
    for view in power.views:
        name = view.column
        if view.aspect != "value" or not is_number(power, name) or power.case.is_apart(name):
            continue
        if power.is_lag(name):
            continue
        if len(np.unique(view.scores)) >= MIN_VALUES:
            one = power.alone(view)
            told = one.score if one.klass is None else 2 * one.score - 1
            found.append((told, view, one.klass))
    found.sort(key=lambda item: -item[0])
    return [(view, klass) for told, view, klass in found[:MOST] if told >= 1 - OPEN]


def _shrunk(power: Power, view: View, klass: int | None) -> dict[str, Any] | None:
    """Return the numbers that say that a feature is an answer of a model fitted here, if it is."""
    y = power.goal(klass)
    steps = power.means(view.codes, y)[:, None]
    known = np.hstack([np.ones((len(y), 1)), *power.encoded[view.column], steps])
    own = y - ridge_out_of_fold(known, y, power.fold)
    others = y - power.forecast({view.column}, klass)
    whole = ((y - y.mean()) ** 2).sum()
    left, open_ = (own**2).sum() / (others**2).sum(), (others**2).sum() / whole
    if left > OPEN or open_ > 1 - TOLD:
        return None
    alike = float(np.corrcoef(own, others)[0, 1])
    error = 2 * abs(alike) * (1 - alike**2) / np.sqrt(len(y))
    if alike**2 - left < max(BEYOND, CLEAR * error):
        return None
    return {
        "error_left_of_that_of_all_others": round(float(left), 4),
        "r2_of_the_two_errors": round(alike**2, 4),
        "r2_of_all_others": round(float(1 - open_), 4),
        "rows_looked_at": len(y),
    }


def _finding(case: Case, name: str, evidence: dict[str, Any]) -> Finding:
    left = evidence["error_left_of_that_of_all_others"]
    return Finding(
        kind="encoding.forecast",
        severity="warn",
        columns=(name,),
        evidence=evidence,
        message=(
            f"where `{name}` errs about `{case.problem.target}`, a model of all other features "
            f"errs the same way, though `{name}` leaves only {left:.0%} of its squared error: so "
            "does the answer of a model for rows it was fitted on, which knows their target"
        ),
        remedy=(
            "compute it inside the folds, from models that have not seen the row, or "
            f"problem: {{available_at: {{{name!r}: after}}}}"
        ),
        fix=known_after([name]),
    )
