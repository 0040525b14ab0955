"""group.overlap: one declared entity in train and in test, or in train and in valid."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, Severity
from ninefold.splitting.identity import combine, hash_values

SHOWN = 5
WORD, MOST_WORDS = re.compile(r"[^\W\d_]+[.'’-]?[^\W\d_]*\.?"), 4
"""Words of the names of people and firms, and how many of them may stand in any order."""
LEGAL_FORM = re.compile(
    r"(?:ltd|limited|inc|incorporated|corp|corporation|co|company|llc|llp|plc|gmbh|ag|kg|ohg|ug|se|"
    r"sa|sas|sarl|srl|spa|bv|nv|oy|oyj|ab|as|aps|pty|pte|&)"
)
"""Words after a firm's name that some write and some do not."""
FEW, MANY = 0.01, 0.05
"""Shares of test, of entities that train spells otherwise, from which they warn, and block."""


class GroupCheck(Check):
    """Entities of `problem.group` that stand in several parts, however their names are written.

    Under a split that follows `problem.time` they may: the model will meet known entities again.
    """

    family: ClassVar[str] = "group"
    kinds: ClassVar[tuple[str, ...]] = ("group.overlap",)
    needs_target: ClassVar[bool] = False

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.problem.group:
            return
        names = case.problem.group
        known = ~np.all([case.is_missing(n) for n in names], axis=0)
        plain = combine([hash_values(case.frame.column(n).kind, case.frame[n]) for n in names])
        found = _shared(case, plain, known)
        if found.any():
            yield _finding(case, plain, found, known, ())
        folded = _folded(case, names)
        more = np.zeros_like(found) if folded is None else _shared(case, folded, known) & ~found
        if folded is not None and more.any() and not _folds_by_chance(plain, folded):
            yield _finding(case, folded, more, known, _spellings(case, folded, more))
            found |= more
        if not found.any() and not case.follows_time:
            yield from _in_valid(case, plain, known)


def _in_valid(case: Case, entity: Array, known: Array) -> Iterator[Finding]:
    """Find entities of train that stand in valid too, where test keeps to its own.

    Tuning and early stopping then go by rows half learned by heart, and the test score is lower.
    """
    learnt = np.flatnonzero(~case.test)
    part = np.where(case.part[learnt] == "valid", "test", "train")
    inner = replace(case, frame=case.frame.take(learnt), part=part, tensors={})
    found = _shared(inner, entity[learnt], known[learnt])
    if found.any():
        said = _finding(inner, entity[learnt], found, known[learnt], ())
        yield replace(
            said,
            severity="warn",
            evidence={name.replace("test", "valid"): n for name, n in said.evidence.items()},
            message=f"{said.evidence['entities_shared']} entities of "
            f"{', '.join(case.problem.group)} stand in train and in valid, though none of them in "
            "test: tuning and early stopping go by rows half learned by heart",
        )


def _shared(case: Case, entity: Array, known: Array) -> Array:
    """Return the mask `(N,)` of test rows whose entity stands in train or valid too."""
    mask = np.zeros(len(case), dtype=bool)
    test = case.test & known
    mask[test] = np.isin(entity[test], entity[~case.test & known])
    return mask


def fold(text: str) -> str:
    """Return a name without what people write in different ways.

    >>> fold(" ID-007 ") == fold("id 7")
    True
    """
    apart = unicodedata.normalize("NFKD", text).casefold()
    plain = _in_order("".join(c for c in apart if not unicodedata.combining(c)))
    spaced = re.sub(r"(?<=\d)[\W_]+(?=\d)", "+", plain)
    kept = "".join(c for c in spaced if c.isalnum() or c == "+")
    return re.sub(r"(?<!\d)0+(?=\d)", "", kept) or text


def _in_order(text: str) -> str:
    """Return a name of a few words, "Smith, Ann" and "Ann Smith" alike, with these sorted."""
    words = text.replace(",", " ").split()
    is_name = 1 < len(words) <= MOST_WORDS and all(WORD.fullmatch(word) for word in words)
    return " ".join(sorted(words)) if is_name else text


def without_legal_form(text: str) -> str:
    """Return a firm's name without Ltd., Inc., GmbH & Co. KG and the like.

    >>> without_legal_form("Acme Foods, Ltd.")
    'Acme Foods'
    """
    words = text.split()
    while len(words) > 1 and LEGAL_FORM.fullmatch(words[-1].replace(".", "").strip(",;()").lower()):
        words.pop()
    return " ".join(words).rstrip(",; ")


def _folded_names(names: list[str]) -> list[str]:
    """Return names folded, without their legal form where one of them is written so."""
    plain = [fold(name) for name in names]
    known = set(plain)
    short = [fold(without_legal_form(name)) for name in names]
    return [s if s in known else p for s, p in zip(short, plain, strict=True)]


def _folded(case: Case, names: tuple[str, ...]) -> Array | None:
    """Return the entities `(N,)` with their names folded; None if none is written in text."""
    from pandas import factorize

    hashes = []
    is_text = False
    for name in names:
        kind, values = case.frame.column(name).kind, case.frame[name]
        if kind in ("category", "text"):
            is_text = True
            codes, levels = factorize(values)
            values = np.array(_folded_names([str(v) for v in levels]), dtype=object)[codes]
        hashes.append(hash_values(kind, values))
    return combine(hashes) if is_text else None


def _folds_by_chance(plain: Array, folded: Array) -> bool:
    """Tell whether names differ so little that folding would make one of many different ones."""
    return len(np.unique(folded)) < 0.2 * len(np.unique(plain))


def _spellings(case: Case, folded: Array, mask: Array) -> tuple[str, ...]:
    """Return a few pairs of spellings that name one entity."""
    name = next(n for n in case.problem.group if case.frame.column(n).kind in ("category", "text"))
    values, found = case.frame[name], []
    for row in np.flatnonzero(mask)[: 10 * SHOWN]:
        others = values[(folded == folded[row]) & ~case.test]
        found.append(f"{str(values[row])!r} and {str(others[0])!r}")
    return tuple(dict.fromkeys(found))[:SHOWN]


def _severity(case: Case, share: float, is_spelling: bool) -> Severity:
    """Block what the split was asked not to do; of names written twice a few are in any table."""
    if case.follows_time or (is_spelling and share < FEW):
        return "info"
    return "warn" if is_spelling and share < MANY else "block"


def _finding(
    case: Case, entity: Array, mask: Array, known: Array, spellings: tuple[str, ...]
) -> Finding:
    test = case.test & known
    shared = len(np.unique(entity[mask]))
    names = ", ".join(case.problem.group)
    evidence: dict[str, Any] = {
        "entities_shared": shared,
        "entities_in_test": len(np.unique(entity[test])),
        "test_rows": int(mask.sum()),
        "share_of_test": round(float(mask.sum() / case.test.sum()), 6),
    }
    if spellings:
        evidence["spellings"] = list(spellings)
        told = f" once case, punctuation, order and legal form are set aside ({spellings[0]})"
    else:
        told = ""
    follows_time = case.follows_time
    severity = _severity(case, float(mask.sum() / case.test.sum()), bool(spellings))
    what = (
        "as is natural when the split follows time: the score holds for entities the model knows "
        "and new ones mixed"
        if follows_time
        else "the score holds for entities the model knows, not for new ones"
    )
    remedy = "split: {kind: group}, if the model shall serve new entities"
    return Finding(
        kind="group.overlap",
        severity=severity,
        columns=case.problem.group,
        rows=case.source_rows(mask),
        evidence=evidence,
        message=f"{shared} entities of {names} stand in test and in train or valid{told}: {what}",
        remedy=f"write each name one way in the source; then {remedy}" if spellings else remedy,
        fix=() if follows_time or spellings else ((("split", "kind"), "group"),),
    )
