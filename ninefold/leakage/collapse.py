"""target.collapse: what was filled in after one outcome, but not yet for the latest rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, known_after
from ninefold.leakage.chance import SURE, log10_excess

MIN_ROWS = 30
"""Rows of a class, and filled-in ones, below which nothing is said."""
COVERED, LEFT = 0.3, 0.25
"""Share of a class that is filled in among train rows, and of that share what test may have."""
PURE, LIFT = 0.95, 0.3
"""Share of the filled-in rows with that class, and how much more that is than among all."""
MOST_CLASSES = 10


class CollapseCheck(Check):
    """A mark that goes with one outcome in the train rows and has gone from the later test rows.

    Codes, amounts and dates that are entered once the outcome is known stand in old rows and are
    still to come in new ones. A field that was given up, or means less with time, does not stand
    beside next to one class alone before.
    """

    family: ClassVar[str] = "target"
    kinds: ClassVar[tuple[str, ...]] = ("target.collapse",)

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.follows_time or not case.is_classification:
            return
        classes = np.bincount(case.y[case.train])
        common = np.argsort(-classes, kind="stable")[:MOST_CLASSES]
        for name in case.inputs:
            for words, mark in _marks(case, name):
                found = [_gone(case, mark, int(code)) for code in common]
                best = min((f for f in found if f), key=lambda f: f.log10_chance, default=None)
                if best is not None:
                    yield _finding(case, name, words, best)
                    break


@dataclass(frozen=True)
class _Gone:
    """Shares of a class with a mark before and after, and of the marked rows with the class."""

    klass: int
    before: float
    after: float
    pure: float
    log10_chance: float


def _marks(case: Case, name: str) -> Iterator[tuple[str, Array]]:
    """Yield what may be filled in: any value at all, and any but the commonest."""
    gap = case.is_missing(name)
    if 0 < gap.sum() < len(gap):
        yield "has a value", ~gap
    codes = case.codes[name]
    top = int(np.bincount(codes[~gap]).argmax()) if not gap.all() else -1
    atom = (codes == top) & ~gap
    if (~atom).sum() >= MIN_ROWS and atom.mean() >= COVERED:
        yield "has another value than the usual one", ~atom & ~gap


def _gone(case: Case, mark: Array, klass: int) -> _Gone | None:
    """Tell whether a mark of one class in train has gone from that class in test."""
    of_class = case.y == klass
    old, new = case.train & of_class, case.test & of_class
    marked = case.train & mark
    if min(old.sum(), new.sum(), marked.sum()) < MIN_ROWS:
        return None
    before, after = float(mark[old].mean()), float(mark[new].mean())
    pure = float(of_class[marked].mean())
    base = float(of_class[case.train].mean())
    if before < COVERED or after > LEFT * before or pure < max(PURE, base + LIFT):
        return None
    chance = log10_excess(
        int(mark[old].sum()), int(old.sum()), int(mark[new].sum()), int(new.sum())
    )
    return _Gone(klass, before, after, pure, chance) if chance <= SURE else None


def _finding(case: Case, name: str, words: str, found: _Gone) -> Finding:
    target = case.problem.target
    example = case.frame[target][np.flatnonzero(case.y == found.klass)[0]]
    return Finding(
        kind="target.collapse",
        severity="warn",
        columns=(name,),
        evidence={
            "share_of_the_class_in_train": round(found.before, 4),
            "share_of_the_class_in_test": round(found.after, 4),
            "share_with_the_class_where_so": round(found.pure, 4),
            "log10_probability_by_chance": round(found.log10_chance, 1),
        },
        message=(
            f"`{name}` {words} in {found.before:.0%} of the train rows whose `{target}` is "
            f"{example}, and hardly ever else; in the later test rows it is so in "
            f"{found.after:.0%}. It looks filled in after the outcome: the latest rows still lack "
            "it, as every row will in use"
        ),
        remedy=f"problem: {{available_at: {{{name!r}: after}}}}, if it is known only afterwards",
        fix=known_after([name]),
    )
