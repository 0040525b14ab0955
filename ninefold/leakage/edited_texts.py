"""rows.edited: texts of test that are texts of train with some words changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case, Check, Finding, Severity
from ninefold.leakage.chance import log10_excess

ROWS = 30_000
WORD = re.compile(r"\w+")
RUN, LONG = 3, 8
"""Words in a shingle, and of half of the texts at least."""
COMMON = 10
"""Texts from which a shingle is a phrase of the language, a heading or a greeting."""
SHARED, LEAST = 0.3, 4
"""Share of a text's rare shingles, and number of them, that a copy has in common with it."""
LESSER = SHARED / 2
"""Share from which a text resembles another: where many do by some degree, some do by more."""
MIN_ROWS, MIN_SHARE, CERTAIN, CERTAIN_SHARE = 6, 0.04, -9.0, 0.02
UNLIKELY = -5.0
AGREE = 0.9
UNORDERED = ("given", "random", "stratified")


class EditedTextsCheck(Check):
    """Long texts that share much of their rare word sequences with one in train or valid.

    Shingles of three words (Broder 1997) that stand in few texts; phrases and headings stand in
    many. Copies put into test share them oftener than texts inside train do (Fisher's exact test);
    copies all over the table warn where they are many and bear the same target.
    """

    family: ClassVar[str] = "rows"
    kinds: ClassVar[tuple[str, ...]] = ("rows.edited",)

    def findings(self, case: Case) -> Iterator[Finding]:
        case = case.limited(ROWS)
        if min(case.test.sum(), (~case.test).sum()) < MIN_ROWS:
            return
        for name in case.inputs:
            if case.frame.column(name).kind in ("category", "text"):
                texts = _texts(case, name)
                if texts is not None:
                    yield from _copies(case, name, texts)


@dataclass(frozen=True)
class _Texts:
    """Distinct texts and their words; `code` `(N,)` says which text a row has."""

    words: list[list[str]]
    code: Array


def _texts(case: Case, name: str) -> _Texts | None:
    """Return a column's texts; None if half of them are short, or most rows share one."""
    levels, code = np.unique(case.frame[name].astype(str), return_inverse=True)
    if len(levels) < 0.3 * len(case):
        return None
    few = [len(WORD.findall(text)) for text in levels[:: max(1, len(levels) // 200)]]
    if np.median(few) < LONG:
        return None
    return _Texts([WORD.findall(text.casefold()) for text in levels], code)


def _shingles(texts: _Texts) -> "tuple[Array, Array]":
    """Return text and shingle `(M,)` of every distinct rare shingle of a text."""
    ids: dict[tuple[str, ...], int] = {}
    rows, cols = [], []
    for at, words in enumerate(texts.words):
        for shingle in {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}:
            rows.append(at)
            cols.append(ids.setdefault(shingle, len(ids)))
    row, col = np.array(rows, dtype=np.int64), np.array(cols, dtype=np.int64)
    rare = np.bincount(col)[col] <= COMMON if len(col) else np.zeros(0, dtype=bool)
    return row[rare], col[rare]


def _twins(texts: _Texts, pool: Array) -> tuple[Array, Array]:
    """Return the share of rare shingles `(N,)` in common with the best other row of `pool`, and it.

    Rows with the same text do not count: they are copies that other checks find.
    """
    from scipy.sparse import csr_array

    row, col = _shingles(texts)
    count = len(texts.words)
    size = np.bincount(row, minlength=count)
    has = csr_array(
        (np.ones(len(row), dtype=np.int32), (row, col)),
        shape=(count, int(col.max()) + 1 if len(col) else 1),
    )
    learned = np.bincount(texts.code[pool], minlength=count) > 0
    where = np.flatnonzero(learned)
    common = (has @ has[where].T).tocoo()
    left, right, shared = common.row, where[common.col], common.data
    near = (left != right) & (shared >= LEAST)
    left, right, shared = left[near], right[near], shared[near]
    part = shared / np.maximum(np.minimum(size[left], size[right]), 1)
    order = np.argsort(part, kind="stable")
    best, partner = np.zeros(count), np.full(count, -1)
    best[left[order]], partner[left[order]] = part[order], right[order]
    return best[texts.code], partner[texts.code]


def _copies(case: Case, name: str, texts: _Texts) -> Iterator[Finding]:
    pool = ~case.test
    share, partner = _twins(texts, pool)
    twin = share >= SHARED
    tested, learned = int(case.test.sum()), int(pool.sum())
    hits, inside = int(twins_in(twin, case.test)), int(twins_in(twin, pool))
    if hits < MIN_ROWS:
        return
    chance = log10_excess(hits, tested, inside, learned)
    severity: Severity = "info"
    if case.split_kind == "given" and chance <= UNLIKELY and not case.follows_time:
        severity = "block" if chance <= CERTAIN and hits >= CERTAIN_SHARE * tested else "warn"
    elif case.split_kind in UNORDERED and hits - _alike(case, share) >= MIN_SHARE * tested:
        severity = "warn" if _same_target(case, texts, twin & case.test, partner) else "info"
    yield Finding(
        kind="rows.edited",
        severity=severity,
        columns=(name,),
        rows=case.source_rows(twin & case.test),
        evidence={
            "test_rows": hits,
            "share_of_test": round(hits / tested, 6),
            "share_inside_train": round(inside / learned, 6),
            "log10_probability_of_the_difference": round(chance, 1),
            "median_share_in_common": round(float(np.median(share[twin & case.test])), 3),
            "rows_looked_at": len(case),
        },
        message=(
            f"`{name}` of {hits} test rows ({hits / tested:.1%}) is a text of train or valid with "
            "some words changed: they share rare sequences of words, as texts written apart do not"
        ),
        remedy="drop the copies from the source, or name what tells which texts belong together "
        "in problem.group",
    )


def _alike(case: Case, share: Array) -> int:
    """Return how many test rows resemble another, with a lesser share `(N,)` than copies have."""
    return int(((share >= LESSER) & (share < SHARED) & case.test).sum())


def twins_in(twin: Array, part: Array) -> int:
    """Return how many rows of a part `(N,)` are twins `(N,)`."""
    return int((twin & part).sum())


def _same_target(case: Case, texts: _Texts, rows: Array, partner: Array) -> bool:
    """Tell whether rows bear the target of the text they resemble."""
    first = np.zeros(len(texts.words), dtype=np.int64)
    first[texts.code[::-1]] = np.arange(len(case))[::-1]
    mine, theirs = case.y[rows], case.y[first[partner[rows]]]
    if case.is_classification:
        return bool((mine == theirs).mean() >= AGREE)
    return bool(np.median(np.abs(mine - theirs)) <= 0.1 * np.std(case.y))
