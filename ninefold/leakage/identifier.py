"""id: numbers and names that only tell rows apart, and what their order or letters betray."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._id_aspects import UNIQUE, aspects, numbers_of
from ninefold.leakage._id_ranges import Stretch, one_class, step_area, two_ranges
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.chance import rank_correlation
from ninefold.leakage.power import MIN_ROWS, Power, View

UNEVEN, BY_LOT = 0.1, 1.63
"""Kolmogorov's distance from a uniform spread above which numbers measure something, and what
numbers by lot reach once in a hundred, times the root of their count."""
TIME = re.compile(r"year|month|week|quarter|date|time|period|day|jahr|datum", re.IGNORECASE)
MIN_AREA, MIN_R2 = 0.84, 0.7
"""ROC area of a class, or R² of the target's ranks, from which an identifier betrays the target."""
MIN_ORDER = 0.9
"""The same for a mere order, which entities of one class each also have."""
SORTED = 0.999
"""Rank correlation of a row number with the target from which the file is sorted by it."""
SORTED_RUNS = 2
"""Stretches of one class in a file, over its classes, below which it is sorted by them."""
TOKEN = re.compile(r"\S+")
PICTURE = re.compile(r".*\.(png|jpe?g|gif|bmp|tiff?|webp)", re.IGNORECASE)
"""Names of pictures' files: folders and files are named by class, and no model reads them."""


class IdentifierCheck(Check):
    """Columns that look like identifiers: whole numbers or names that hardly ever repeat.

    One whose order, first or last letters tell the target betrays how the file was made (sorted,
    appended by class, numbered after the outcome); in use new numbers come, and what was learned
    is void. Named among `problem.ids` it is no feature; that it tells the target is said all the
    same. An order that the time tells as well is drift, no leak; so is that of a row number, of
    classes only where it is no feature, unless the file is sorted by the target.
    """

    family: ClassVar[str] = "id"
    kinds: ClassVar[tuple[str, ...]] = ("id.feature", "id.predictive", "id.order")

    def findings(self, case: Case) -> Iterator[Finding]:
        power = case.power
        if len(power.case) < MIN_ROWS:
            return
        order = _told_by_order(power)
        least_of_order = MIN_ORDER if power.is_classification else MIN_R2
        carried = False
        for name in _named(power.case):
            is_feature = name in case.features
            if not is_feature and _names_pictures(case, name):
                continue
            drift = max(order + 0.02, least_of_order)
            betrayed = _betrayed(power, name, drift, is_feature)
            stretch = None if betrayed is not None else _stretch(power.case, name)
            if stretch is not None:
                yield _by_range(case, name, stretch, is_feature)
                carried = True
            elif betrayed is not None:
                yield _predictive(case, name, betrayed, is_feature)
                carried = carried or betrayed.by == "order"
            elif is_feature:
                yield _feature(name)
        if not carried and case.problem.time is None:
            yield from _file_order(case)


@dataclass(frozen=True)
class _Betrayed:
    """What part of an identifier tells the target, and how well: by ROC area or R²."""

    by: str
    score: float
    is_area: bool


def _named(case: Case) -> list[str]:
    """Return the columns that look like identifiers, or are declared as such."""
    declared = [name for name in case.problem.ids if name in case.frame.data]
    return list(dict.fromkeys([*declared, *(n for n in case.inputs if _is_identifier(case, n))]))


def _names_pictures(case: Case, name: str) -> bool:
    if case.frame.column(name).kind not in ("category", "text"):
        return False
    return all(PICTURE.fullmatch(str(value)) for value in case.frame[name][:200])


def _is_identifier(case: Case, name: str) -> bool:
    """Tell whether a column has whole numbers or single words that practically never repeat."""
    kind = case.frame.column(name).kind
    if kind not in ("number", "category", "text") or name == case.problem.time:
        return False
    present = ~case.is_missing(name)
    values = case.frame[name][present]
    if present.mean() < UNIQUE or len(np.unique(case.hashes[name])) < UNIQUE * len(case):
        return False
    if kind == "number":
        return not TIME.search(name) and _is_given_out(values)
    return all(TOKEN.fullmatch(value) for value in values[:200])


def _is_given_out(values: Array) -> bool:
    """Tell whether numbers are a numbering, or two of them with a wide gap between."""
    ranges = two_ranges(values) if np.isfinite(values).all() else None
    if is_numbering(values) or ranges is None:
        return is_numbering(values)
    return all(is_numbering(part, max(UNEVEN, BY_LOT / np.sqrt(len(part)))) for part in ranges)


def is_numbering(values: Array, uneven: float = UNEVEN) -> bool:
    """Tell whether numbers are whole and spread evenly, as numbers given out are."""
    if not np.isfinite(values).all() or (values != np.round(values)).any() or np.ptp(values) == 0:
        return False
    spread = (np.sort(values) - values.min()) / np.ptp(values)
    return float(np.abs(spread - np.linspace(0, 1, len(values))).max()) < uneven


def _told_by_order(power: Power) -> float:
    """Return how well the order of time, or of a date among the features, tells the target."""
    case = power.case
    dates = [n for n in case.inputs if case.frame.column(n).kind == "datetime"]
    dates += [case.problem.time] if case.problem.time else []
    scores = [_score(power, binned(numbers_of(case, name), 64)) for name in dates]
    return max(scores, default=0.0)


def _is_row_number(power: Power, name: str, is_feature: bool) -> bool:
    """Tell whether a column counts the rows of a file whose target may drift.

    A drift of classes is not told from rows numbered nearly by class, which matters in a feature.
    """
    case = power.case
    if power.is_classification and is_feature:
        return False
    texts = case.frame.column(name).kind in ("category", "text")
    values = case.frame[name].astype(str) if texts else numbers_of(case, name)
    steps = np.diff(np.unique(values, return_inverse=True)[1][np.argsort(case.frame.row)])
    return bool((steps > 0).all() or (steps < 0).all())


def _is_sorted_by(power: Power, name: str) -> bool:
    """Tell whether a column orders the target nearly without exception, as no drift does."""
    if power.is_classification:
        y = power.case.y[np.argsort(power.case.frame.row)]
        return int((np.diff(y) != 0).sum()) < SORTED_RUNS * power.classes
    values = power.case.number(name)
    known = np.isfinite(values)
    return abs(rank_correlation(values[known], power.case.y[known])[0]) >= SORTED


def _score(power: Power, codes: Array) -> float:
    if len(np.unique(codes)) < 2:
        return 0.0
    return power.alone(View("", "value", codes, codes.astype(np.float64))).score


def _betrayed(power: Power, name: str, drift: float, is_feature: bool) -> _Betrayed | None:
    """Return the part of an identifier that tells the target best, if one does.

    An order must tell it better than `drift` does, or have one step from one class to the other.
    """
    scores = [
        _Betrayed(by, _score(power, codes), power.is_classification or len(np.unique(codes)) == 2)
        for by, codes in aspects(power.case, name).items()
    ]
    told = [one for one in scores if one.score >= (MIN_AREA if one.is_area else MIN_R2)]
    for one in sorted(told, key=lambda one: -one.score):
        if one.by != "order":
            return one
        is_drift = _is_row_number(power, name, is_feature) and not _is_sorted_by(power, name)
        if not is_drift and (one.score > drift or _is_one_step(power, name, drift)):
            return one
    return None


def _is_one_step(power: Power, name: str, drift: float) -> bool:
    """Tell whether one cut through the numbers parts a class from the others.

    Drift has no step, and the rows of entities, numbered one after the other, have many.
    """
    case = power.case
    kind = case.frame.column(name).kind
    if not power.is_classification or kind != "number" or drift > MIN_ORDER:
        return False
    return step_area(case.number(name), case.y) >= MIN_AREA


def _stretch(case: Case, name: str) -> Stretch | None:
    """Return a range of numbers that one class has for itself, unless numbers grow with time."""
    if not case.is_classification or case.frame.column(name).kind != "number":
        return None
    values = case.number(name)
    if not np.isfinite(values).all() or len(np.unique(values)) < UNIQUE * len(values):
        return None
    time = case.problem.time
    if not _is_given_out(values) or (time is not None and _grows_with(case, values, time)):
        return None
    return one_class(values, case.y)


def _grows_with(case: Case, values: Array, time: str) -> bool:
    return abs(rank_correlation(values, numbers_of(case, time))[0]) > MIN_ORDER


def _by_range(case: Case, name: str, found: Stretch, is_feature: bool) -> Finding:
    target = case.problem.target
    return Finding(
        kind="id.predictive",
        severity="warn",
        columns=(name,),
        evidence={
            "told_by": "range",
            "from": found.first,
            "to": found.last,
            "rows": found.rows,
            "share_of_their_class": round(found.share, 4),
            "log10_probability_by_chance": round(found.chance, 1),
        },
        message=f"`{name}` looks like an identifier, and all {found.rows} rows from "
        f"{found.first:.0f} to {found.last:.0f} have one `{target}` ({found.share:.0%} of that "
        "class): they were numbered, or came in, by the outcome",
        remedy=f"problem: {{ids: [{name!r}]}}, and see that no other column tells them apart",
        fix=((("problem", "ids"), [name]),) if is_feature else (),
    )


def _predictive(case: Case, name: str, betrayed: _Betrayed, is_feature: bool) -> Finding:
    unit = "roc_auc" if betrayed.is_area else "r2_of_ranks"
    said = (
        "a model learns from it what no new row will have"
        if is_feature
        else (
            "it is no feature, but rows were numbered or sorted by the outcome: see that no other "
            "column carries that order"
        )
    )
    return Finding(
        kind="id.predictive",
        severity="warn",
        columns=(name,),
        evidence={"told_by": betrayed.by, unit: round(betrayed.score, 4)},
        message=f"`{name}` looks like an identifier, and its {betrayed.by} tells "
        f"`{case.problem.target}` ({unit.replace('_', ' ')} {betrayed.score:.3f}); {said}",
        remedy=f"problem: {{ids: [{name!r}]}}"
        if is_feature
        else "nothing in params: it is no feature; look how the rows were numbered",
        fix=((("problem", "ids"), [name]),) if is_feature else (),
    )


def _feature(name: str) -> Finding:
    return Finding(
        kind="id.feature",
        severity="info",
        columns=(name,),
        message=f"`{name}` looks like an identifier (values hardly repeat) and is a feature; a "
        "model can only learn rows by heart from it",
        remedy=f"problem: {{ids: [{name!r}]}}",
        fix=((("problem", "ids"), [name]),),
    )


def _file_order(case: Case) -> Iterator[Finding]:
    """Say that the file is sorted by the target, although no column carries that order."""
    power = case.power
    score = _score(power, binned(power.case.frame.row.astype(np.float64), 64))
    if score >= (MIN_AREA if power.is_classification else MIN_R2):
        yield Finding(
            kind="id.order",
            severity="info",
            evidence={"score_of_position": round(score, 4)},
            message=f"the position of a row in the file tells `{case.problem.target}` "
            f"({score:.3f}): the file is sorted by it, or drifts; no column carries that position",
            remedy="none, as long as no row number becomes a column",
        )
