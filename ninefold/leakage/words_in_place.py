"""target.place_in_text: the word at one place of a text, such as its first, tells the class."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._spelling import WORD
from ninefold.leakage._strongest import MIN_AREA
from ninefold.leakage.case import Case, Check, Finding
from ninefold.leakage.power import Power, View

MIN_ROWS, DISTINCT, LONG = 100, 0.3, 8
"""Rows, share of different texts, and words of half of them that are needed."""
ENDS = {
    0: "first", 1: "second", 2: "third", 3: "fourth",
    -1: "last", -2: "last but one", -3: "last but two", -4: "last but three",
}  # fmt: skip
WITHIN = (0.2, 0.35, 0.5, 0.65, 0.8)
"""Places inside a text, as shares of its words, that its ends are held against."""
LEAD = 2.0
"""How many times less an end must leave open than any place inside."""
LETTERS = 100_000
SHOWN = 3


class WordsInPlaceCheck(Check):
    """Long texts whose first or last words tell the class, as no word inside them does.

    "Category: complaint", a signature of who handled it, the label as a hashtag, the author's
    name: put there by a form, a system or whoever gave the label. What texts are about shows all
    over them, and one word tells little of it.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.place_in_text",)

    def findings(self, case: Case) -> Iterator[Finding]:
        power = case.power
        if not case.is_classification or power.classes < 2 or len(power.case) < MIN_ROWS:
            return
        for name in case.inputs:
            if case.frame.column(name).kind in ("category", "text"):
                words = _words(power.case, name)
                found = _told(power, name, words) if words is not None else None
                if found is not None:
                    yield _finding(case, name, found)


@dataclass(frozen=True)
class _Told:
    """Which place tells class `klass`, the best score there and inside, and a few of its words."""

    place: int
    klass: int | None
    area: float
    inside: float
    words: tuple[str, ...]


def _words(case: Case, name: str) -> list[list[str]] | None:
    """Return the words of each row's text; None if they are few, or the same again and again."""
    texts = case.frame[name]
    if int(case.codes[name].max()) + 1 < DISTINCT * len(case):
        return None
    some = [len(WORD.findall(str(text)[:LETTERS])) for text in texts[:200]]
    if np.median(some) < LONG:
        return None
    return [WORD.findall(str(text).casefold()[:LETTERS]) for text in texts]


def _told(power: Power, name: str, words: list[list[str]]) -> _Told | None:
    best: _Told | None = None
    for place in ENDS:
        chosen = [row[place] if -len(row) <= place < len(row) else "" for row in words]
        area, klass = _area(power, name, chosen)
        if area >= max(MIN_AREA, best.area if best else 0.0):
            levels, counts = np.unique(chosen, return_counts=True)
            common = levels[np.argsort(-counts, kind="stable")[:SHOWN]]
            best = _Told(place, klass, area, 0.0, tuple(common.tolist()))
    if best is None:
        return None
    inside = 0.0
    for share in WITHIN:
        chosen = [row[int(share * (len(row) - 1))] if row else "" for row in words]
        inside = max(inside, _area(power, name, chosen)[0])
    if 1 - inside < LEAD * (1 - best.area):
        return None
    return _Told(best.place, best.klass, best.area, inside, best.words)


def _area(power: Power, name: str, chosen: list[str]) -> tuple[float, int | None]:
    """Return how well one word of each row tells a class, out of fold, and which."""
    codes: Array = np.unique(chosen, return_inverse=True)[1].astype(np.int64)
    if codes.max() == 0:
        return 0.0, None
    found = power.alone(View(name, "value", codes, codes.astype(np.float64)))
    return found.score, found.klass


def _finding(case: Case, name: str, found: _Told) -> Finding:
    said = ", ".join(repr(word) for word in found.words)
    return Finding(
        kind="target.place_in_text",
        severity="warn",
        columns=(name,),
        evidence={
            "place": ENDS[found.place],
            "rows_looked_at": len(case.power.case),
            "roc_auc_of_that_word": round(found.area, 4),
            "roc_auc_of_words_inside": round(found.inside, 4),
            "words": list(found.words),
        },
        message=(
            f"the {ENDS[found.place]} word of `{name}` ({said}, …) tells `{case.problem.target}` "
            f"(ROC area {found.area:.3f}; words inside the texts at most {found.inside:.3f}): a "
            "form, a signature, an author or the label itself, put there by whoever knew it. Do "
            "new texts come with it?"
        ),
        remedy=(
            "take that part out of the texts; or name what it says of their author in problem.group"
        ),
    )
