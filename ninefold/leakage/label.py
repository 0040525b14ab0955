"""label: the same inputs with different labels, and labels that their neighbours contradict."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._balanced import is_drawn_again
from ninefold.leakage._contradicted import (
    CLEANED,
    DENIED,
    LEAST,
    PLAIN,
    Contrast,
    Denial,
    in_one_part,
)
from ninefold.leakage._discriminant import discriminant
from ninefold.leakage._recapture import are_beyond_meeting
from ninefold.leakage._spelling import WORD
from ninefold.leakage._twin_labels import disagree_beyond_neighbours
from ninefold.leakage._voting import NEIGHBOURS, Voters
from ninefold.leakage.case import Case, Check, Finding, Severity
from ninefold.leakage.repeated_texts import LONG
from ninefold.splitting.identity import combine, pairs_within, twin_share

MIN_ROWS = 5
"""Rows below which nothing is said."""
MIN_COPIES, MIN_SHARE, MOSTLY = 20, 0.01, 0.5
"""Rows in conflict, their share of all, and of the rows that have an equal, from which it warns."""
MIN_COLUMNS, VARIED, NATURAL = 4, 8, 0.35
"""Columns below which rows coincide by nature; the most varied ones left out in turn; rows that
then have an equal more than before, over those before, up to which equal rows are copies."""
FEW_COPIES = 3
"""Rows of a record and its copies, in most cases; rows that coincide by nature come in heaps too,
and where one column fixes another, few differ in one column only."""
SHUFFLES, MIN_Z, MIN_TIMES, MIN_AGREEING = 20, 6.0, 1.7, 5
"""Shuffles of the labels of equal rows; how far above them, and how many times, their pairs in
conflict must be; and pairs that agree in all, below which a table was freed of duplicates."""
OF_THE_BEST = 0.5
"""Share of what the strongest column tells beyond chance from which a column counts as telling."""
OF_THE_REST = 0.5
"""Share of all other rows that equal one, too, but for a column, at most: where there are few left
to do so."""
ROWS = 5000
MANY, SOME = 50, 25
"""Rows of a class from which its labels may be denied in the test part alone, and at all."""


class LabelCheck(Check):
    """Labels worth a second look.

    Conflicts are an info where rows of few values coincide by nature, with other labels. They warn
    where the equal rows are copies of one record (far more are equal than meet by chance, or, if
    one column fixes all others, few differ in one only; or they hold a long text), and much of them
    bears two labels; and where equal rows differ in it far oftener than with labels shuffled among
    them, or than their neighbours let expect, although the table keeps its duplicates: then one of
    the two is wrong. Suspicious labels, infos, are those of confident learning (Northcutt, Jiang
    and Chuang 2021): each row's neighbours without itself vote, and another class gets more than
    that class's own rows get on average. They warn where such rows stand in the test part only, and
    where the classes lie apart and hardly any row between them.
    """

    family: ClassVar[str] = "label"
    kinds: ClassVar[tuple[str, ...]] = ("label.conflict", "label.suspicious")

    def findings(self, case: Case) -> Iterator[Finding]:
        if not case.is_classification or not case.inputs:
            return
        yield from _conflicts(case)
        yield from _suspicious(case.limited(ROWS))


def _conflicts(case: Case) -> Iterator[Finding]:
    rows = combine([case.hashes[name] for name in case.inputs])
    mask = _conflicting(rows, case.y)
    if mask.sum() < MIN_ROWS:
        return
    shuffled = np.random.default_rng(case.seed).permutation(case.y)
    by_chance = int(_conflicting(rows, shuffled).sum())
    is_wrong = _are_copies(case, rows, mask) or _disagree(case, rows)
    is_wrong = is_wrong or disagree_beyond_neighbours(case, rows)
    yield Finding(
        kind="label.conflict",
        severity="warn" if is_wrong else "info",
        columns=(case.problem.target,),
        rows=case.source_rows(mask & case.test),
        evidence={
            "rows": int(mask.sum()),
            "share": round(float(mask.mean()), 6),
            "rows_if_labels_were_shuffled": by_chance,
        },
        message=(
            f"{int(mask.sum())} rows ({mask.mean():.1%}) equal another row in every feature and "
            f"differ from it in `{case.problem.target}`; no model can get all of them right"
        ),
        remedy="ask for what tells them apart, or look at how they were labelled",
    )


def _are_copies(case: Case, rows: Array, mask: Array) -> bool:
    """Tell whether equal rows are copies, so many in conflict (`mask`) that labels are wrong."""
    twins, conflicting = twin_share(rows), int(mask.sum())
    share = conflicting / len(case)
    if conflicting < MIN_COPIES or share < MIN_SHARE or share < MOSTLY * twins:
        return False
    size = np.unique(rows, return_counts=True)[1]
    if size[(size > 1) & (size <= FEW_COPIES)].sum() < MOSTLY * size[size > 1].sum():
        return False
    if any(_is_long(case, name, mask) for name in case.inputs):
        return True
    columns = sorted((case.hashes[n] for n in case.inputs), key=lambda c: -len(np.unique(c)))
    rng = np.random.default_rng(case.seed)
    by_chance = twin_share(combine([rng.permutation(column) for column in columns]))
    if len(columns) < MIN_COLUMNS or by_chance > twins / 5:
        return False
    beyond = are_beyond_meeting(columns)
    if beyond is not None:
        return beyond
    nearly = [twin_share(combine([c for c in columns if c is not out])) for out in columns[:VARIED]]
    more = max(nearly) - twins
    return more <= NATURAL * twins and more <= OF_THE_REST * (1 - twins)


def _is_long(case: Case, name: str, mask: Array) -> bool:
    """Tell whether a column holds, in most rows of `mask`, a text that nobody writes twice."""
    if case.frame.column(name).kind not in ("category", "text"):
        return False
    words = [len(WORD.findall(str(cell))) for cell in case.frame[name][mask][:ROWS]]
    return float(np.median(words)) >= LONG


def _disagree(case: Case, rows: Array) -> bool:
    """Tell whether equal rows bear two labels far oftener than labels without any order would.

    What the inputs tell makes equal rows agree, if anything.
    """
    _, place, size = np.unique(rows, return_inverse=True, return_counts=True)
    twins = size[place] > 1
    group, y = np.unique(place[twins], return_inverse=True)[1], case.y[twins]
    if len(y) < MIN_COPIES:
        return False
    pairs, agreeing = _pairs(group), _pairs(group, y)
    rng = np.random.default_rng(case.seed)
    shuffled = pairs - np.array([_pairs(group, rng.permutation(y)) for _ in range(SHUFFLES)])
    expected, spread = float(shuffled.mean()), max(float(shuffled.std()), 1.0)
    conflicts = pairs - agreeing
    is_beyond = conflicts > max(MIN_TIMES * expected, expected + MIN_Z * spread)
    return bool(is_beyond and agreeing >= MIN_AGREEING)


def _pairs(group: Array, y: Array | None = None) -> int:
    """Return how many pairs of rows have the same group, and the same label if labels are given."""
    key = group if y is None else group * (int(y.max()) + 1) + y
    return pairs_within(np.bincount(key))


def _conflicting(rows: Array, y: Array) -> Array:
    """Return the mask `(N,)` of rows whose equals have more than one label."""
    _, place = np.unique(rows, return_inverse=True)
    low, high = np.full(place.max() + 1, y.max()), np.full(place.max() + 1, y.min())
    np.minimum.at(low, place, y)
    np.maximum.at(high, place, y)
    return np.asarray(low[place] != high[place])


def _suspicious(case: Case) -> Iterator[Finding]:
    """Find labels that the neighbours of a row contradict with confidence."""
    size = np.bincount(case.y)
    codes = np.flatnonzero(size > SOME)
    use = np.flatnonzero(np.isin(case.y, codes))
    if len(codes) < 2 or len(use) <= 4 * NEIGHBOURS:
        return
    label = np.searchsorted(codes, case.y[use])
    voters = Voters.of(case, use)
    if voters is None:
        return
    votes = voters.votes(label)
    usual = np.array([votes[label == k, k].mean() for k in range(len(codes))])
    confident = np.where(votes >= usual, votes, 0.0)
    other = confident.argmax(axis=1)
    is_denied = _denied(votes, label).denied
    mask, denied = np.zeros((2, len(case)), dtype=bool)
    mask[use] = (confident.max(axis=1) > 0) & (other != label) & (votes.max(axis=1) >= 0.9)
    denied[use] = is_denied & (size[case.y[use]] > MANY)
    if not case.follows_time and in_one_part(denied, case.test) and not is_drawn_again(case):
        said = "hardly any outside the test part: its labels look wrong"
        yield _suspect(case, denied & case.test, "warn", said)
        return
    scores = _scores(case)
    looks = iter(()) if _are_kinds(case, scores) else _looks(case, use, label, voters, votes)
    for found, by in looks:
        if found.is_isolated(label, by) and _by_many(case, scores, use, label, found.denied, by):
            denied[use] = found.denied
            said = "hardly any row lies between the labels: no doubtful cases, but wrong labels"
            yield _suspect(case, denied, "warn", said)
            return
    if mask.sum() >= MIN_ROWS:
        yield _suspect(case, mask, "info", "rare cases, or wrong labels")


def _looks(
    case: Case, use: Array, label: Array, voters: Voters, votes: Array
) -> Iterator[tuple[Denial, Contrast]]:
    """Yield what denies rows their label, and the contrast that it must have."""
    yield _denied(votes, label), PLAIN
    cleaned = voters.cleaned(label)
    yield _denied(cleaned, label), CLEANED
    yield _denied_twice(case, use, label, cleaned), CLEANED


def _denied(votes: Array, label: Array) -> Denial:
    """Return which rows hardly have a vote `(M, K)` for their own label `(M,)`."""
    own = votes[np.arange(len(label)), label]
    denied = (own <= DENIED) & (votes.max(axis=1) >= 1 - DENIED)
    return Denial(own, denied, votes.argmax(axis=1))


def _denied_twice(case: Case, use: Array, label: Array, votes: Array) -> Denial:
    """Return the rows to whose label neither neighbours nor a linear model of all columns give any
    chance.

    Each errs in its way, neighbours in many columns and the model at bent borders; both take a
    label that was changed in the midst of a class for wrong, and hardly another one.
    """
    rows = np.arange(len(label))
    own, none = votes[rows, label], np.zeros(len(label), dtype=bool)
    if (own <= DENIED).sum() < LEAST:
        return Denial(own, none, votes.argmax(axis=1))
    told = discriminant(case, use, label)
    if told is None:
        return Denial(own, none, votes.argmax(axis=1))
    own = np.maximum(own, told[rows, label])
    return Denial(own, own <= DENIED, votes.argmax(axis=1))


def _are_kinds(case: Case, scores: Mapping[str, float]) -> bool:
    """Tell whether most rows equal another in all columns that tell the target.

    As answers to a few questions do. Then no row can lie between the labels, and the rarer label of
    such a kind would be taken for wrong.
    """
    told = {name: score - 0.5 for name, score in scores.items() if name in case.hashes}
    least = OF_THE_BEST * max(told.values(), default=0.0)
    telling = [case.hashes[name] for name, score in told.items() if score >= least]
    return bool(telling) and twin_share(combine(telling)) > MOSTLY


def _scores(case: Case) -> dict[str, float]:
    """Return what each column tells alone, of the class it tells best."""
    scores: dict[str, float] = {}
    for view in case.power.views:
        scores[view.column] = max(scores.get(view.column, 0.0), case.power.alone(view).score)
    return scores


def _by_many(
    case: Case, scores: Mapping[str, float], use: Array, label: Array, denied: Array, by: Contrast
) -> bool:
    """Tell whether labels are `denied` `(M,)` without the column that tells most, too.

    One strong column that errs now and then denies the labels of honest rows.
    """
    if not scores:
        return False
    strongest = case.power.derived_from({max(scores, key=scores.__getitem__)})
    kept = [c.name for c in case.frame.columns if c.name not in strongest]
    rest = replace(case, frame=case.frame.select(kept))
    voters = Voters.of(rest, use)
    if voters is None:
        return False
    votes = voters.cleaned(label) if by is CLEANED else voters.votes(label)
    without = _denied(votes, label)
    if by is PLAIN:
        return without.is_isolated(label, by) and _holds(without.denied, denied)
    if _holds(without.denied, denied):
        return True
    told = discriminant(rest, use, label)
    return told is not None and _holds(told[np.arange(len(label)), label] <= DENIED, denied)


def _holds(without: Array, denied: Array) -> bool:
    """Tell whether most of the rows `denied` `(M,)` are so without a column, too."""
    return bool((without & denied).sum() >= 0.5 * denied.sum())


def _suspect(case: Case, mask: Array, severity: Severity, said: str) -> Finding:
    """Say that the labels of the rows of a mask `(N,)` are contradicted."""
    return Finding(
        kind="label.suspicious",
        severity=severity,
        columns=(case.problem.target,),
        rows=case.source_rows(mask),
        evidence={
            "rows": int(mask.sum()),
            "share": round(float(mask.mean()), 6),
            "rows_in_test": int((mask & case.test).sum()),
            "rows_looked_at": len(case),
        },
        message=(
            f"{int(mask.sum())} rows ({mask.mean():.1%}) bear another `{case.problem.target}` than "
            f"nine in ten of the rows most like them; {said}"
        ),
        remedy="look at these rows; correct what is wrong in the source",
    )
