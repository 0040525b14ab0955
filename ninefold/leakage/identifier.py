"""id: a number that only counts rows, or a name that only tells them apart."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import auc, rank_correlation

UNIQUE = 0.99
MIN_EFFECT, MIN_Z = 0.1, 6.0
"""ROC area above one half, or rank correlation, and its z under chance, to call it predictive."""


class IdentifierCheck(Check):
    """Features that look like identifiers: whole numbers or texts that never repeat.

    One that predicts the target betrays how the file was made (sorted, appended by class); in use
    new numbers come, and what was learned is void.
    """

    family: ClassVar[str] = "id"
    kinds: ClassVar[tuple[str, ...]] = ("id.feature", "id.predictive")

    def findings(self, case: Case) -> Iterator[Finding]:
        for name in case.features:
            if not _is_identifier(case, name):
                continue
            effect, z = _effect(case, name)
            predictive = effect >= MIN_EFFECT and z >= MIN_Z
            told = "and its order predicts the target" if predictive else "and is a feature"
            yield Finding(
                kind="id.predictive" if predictive else "id.feature",
                severity="warn" if predictive else "info",
                columns=(name,),
                evidence={"effect": round(effect, 6), "z": round(z, 2)},
                message=f"`{name}` looks like an identifier (no value repeats) {told}; a model "
                "can only learn rows by heart from it",
                remedy=f"problem: {{ids: [{name!r}]}}",
                fix=((("problem", "ids"), [name]),),
            )


def _is_identifier(case: Case, name: str) -> bool:
    """Tell whether a column has whole numbers or texts that practically never repeat."""
    kind, hashes = case.frame.column(name).kind, case.hashes[name]
    if kind not in ("number", "category") or name == case.problem.time:
        return False
    present = ~case.is_missing(name)
    if present.mean() < UNIQUE or len(np.unique(hashes)) < UNIQUE * len(case):
        return False
    if kind == "category":
        return True
    values = case.frame[name][present]
    whole = np.isfinite(values).all() and (values == np.round(values)).all()
    return bool(whole) and float(np.ptp(values)) < 100 * len(values)


def _effect(case: Case, name: str) -> tuple[float, float]:
    """Return how far the identifier's order (or the row order, for texts) tells the target."""
    is_number = case.frame.column(name).kind == "number"
    values: Array = case.frame[name] if is_number else _text_order(case.frame[name])
    known = np.isfinite(values)
    values, y = values[known], case.y[known]
    if case.problem.task == "regression":
        rho, z = rank_correlation(values, y)
        return abs(rho), abs(z)
    effects = [auc(values, y == code) for code in np.unique(y)[:20]]
    area, z = max(effects, key=lambda item: abs(item[1]))
    return abs(area - 0.5), abs(z)


def _text_order(values: Array) -> Array:
    return np.unique(values.astype(str), return_inverse=True)[1].astype(np.float64)
