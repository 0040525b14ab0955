"""target.in_text: a number that stands in a text and gives the target."""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import binned
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import auc, rank_correlation
from ninefold.leakage.power import View
from ninefold.leakage.target import MIN_PRESENT, NEARLY
from ninefold.leakage.telling import SURE_AREA

ROWS, PLACES = 5000, (0, 1, 2, -1, -2)
"""Rows looked at; which of a text's numbers, from its begin and from its end."""
NUMBER = re.compile(r"\d+(?:[,.' ]\d{3}(?!\d))*(?:\.\d+)?")
BETWEEN = re.compile(r"[,' ]")
LONGEST = 4000
"""Letters of a text that are read."""
DISTINCT = 20
LEAD, BINS = 2.0, 32
"""How many times less than all else such a number must leave open of a class, and its bins."""
MIN_KNOWN = 0.5


class NumbersInTextsCheck(Check):
    """Texts that hold the number to be predicted, or numbers given out by the class.

    "sold for $350,000" in a description, tickets numbered by who took them. A model that reads
    words and digits learns it; a served text is written before the outcome. A number counts that
    goes with the target as no other does: nearly in its order in all texts, or telling a class far
    better than all else.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.in_text",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        for name in case.inputs:
            if case.frame.column(name).kind in ("category", "text"):
                found = _best(case, name)
                if found is not None:
                    yield _finding(case, name, *found)


def _best(case: Case, name: str) -> tuple[int, dict[str, Any]] | None:
    """Return which number of the texts tells the target, and how well; None if none does."""
    texts = case.frame[name]
    if int(case.codes[name].max()) < DISTINCT or sum(" " in str(t) for t in texts[:200]) < 20:
        return None
    read = [_numbers(str(text)[:LONGEST]) for text in texts]
    for place in PLACES:
        x = np.array([_at(numbers, place) for numbers in read])
        known = np.isfinite(x)
        varied = len(np.unique(x[known])) >= DISTINCT
        if known.sum() < max(MIN_PRESENT, MIN_KNOWN * len(x)) or not varied:
            continue
        evidence = _of_class(case, name, x) if case.is_classification else _of_number(case, x)
        if evidence is not None:
            return place, {"rows_looked_at": int(known.sum()), **evidence}
    return None


def _numbers(text: str) -> list[float]:
    return [_value(BETWEEN.sub("", found)) for found in NUMBER.findall(text)]


def _value(digits: str) -> float:
    """Return what digits and points say; of several points only a last one that is not followed by
    three digits stands before decimals.

    >>> _value("12.5"), _value("1.234.567"), _value("1.234.56")
    (12.5, 1234567.0, 1234.56)
    """
    whole, _, last = digits.rpartition(".")
    if "." not in whole:
        return float(digits)
    return float(whole.replace(".", "") + ("" if len(last) == 3 else ".") + last)


def _at(numbers: list[float], place: int) -> float:
    return numbers[place] if -len(numbers) <= place < len(numbers) else np.nan


def _of_number(case: Case, x: Array) -> dict[str, Any] | None:
    known = np.isfinite(x)
    rho, z = rank_correlation(x[known], case.y[known])
    return {"rank_correlation": round(rho, 6)} if abs(rho) >= NEARLY and abs(z) >= 8 else None


def _of_class(case: Case, name: str, x: Array) -> dict[str, Any] | None:
    """Return how well a number tells a class, if far better than all else but its text does."""
    code = int(np.argmin(np.bincount(case.y)[np.unique(case.y)]))
    positive = case.y == np.unique(case.y)[code]
    known = np.isfinite(x)
    if positive[known].sum() < MIN_PRESENT or abs(auc(x[known], positive[known])[1]) < 8:
        return None
    codes = binned(x, BINS)
    one = case.power
    if len(one.case) != len(case):
        return None
    score = one.alone(View(name, "value", codes, codes.astype(np.float64))).score
    rest = one.together({name}, int(np.unique(case.y)[code]))
    if score < SURE_AREA or 1 - rest < LEAD * (1 - score):
        return None
    return {"roc_auc": round(score, 4), "roc_auc_of_all_others": round(rest, 4)}


def _finding(case: Case, name: str, place: int, evidence: dict[str, Any]) -> Finding:
    which = {0: "first", 1: "second", 2: "third", -1: "last", -2: "last but one"}[place]
    target = case.problem.target
    told = (
        f"ROC area {evidence['roc_auc']:.3f}"
        if "roc_auc" in evidence
        else f"rank correlation {evidence['rank_correlation']:.4f}"
    )
    return Finding(
        kind="target.in_text",
        severity="warn",
        columns=(name,),
        evidence={"number": which, **evidence},
        message=(
            f"the {which} number in the texts of `{name}` tells `{target}` ({told}): the text was "
            "written, or numbered, with the outcome in view"
        ),
        remedy=(
            f"problem: {{available_at: {{{name!r}: after}}}}, or take that number out of the texts"
        ),
        fix=known_after([name]),
    )
