"""label: the same inputs with different labels, and labels that their neighbours contradict."""

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._closeness import Records
from ninefold.leakage.case import Case, Check, Finding
from ninefold.splitting.identity import combine

MIN_ROWS = 5
"""Rows below which nothing is said."""
ROWS, NEIGHBOURS = 5000, 20
MANY = 50
"""Classes with more rows than this are looked at."""


class LabelCheck(Check):
    """Labels worth a second look. Infos only: overlapping classes conflict honestly.

    Conflicts are held against those that shuffling the labels would give. Suspicious labels are
    those of confident learning (Northcutt, Jiang and Chuang 2021): each row's neighbours without
    itself vote, and another class gets more than that class's own rows get on average.
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
    yield Finding(
        kind="label.conflict",
        severity="info",
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


def _conflicting(rows: Array, y: Array) -> Array:
    """Return the mask `(N,)` of rows whose equals have more than one label."""
    _, place = np.unique(rows, return_inverse=True)
    low, high = np.full(place.max() + 1, y.max()), np.full(place.max() + 1, y.min())
    np.minimum.at(low, place, y)
    np.maximum.at(high, place, y)
    return np.asarray(low[place] != high[place])


def _suspicious(case: Case) -> Iterator[Finding]:
    """Find labels that the neighbours of a row contradict with confidence."""
    from sklearn.neighbors import NearestNeighbors

    codes = np.flatnonzero(np.bincount(case.y) > MANY)
    use = np.flatnonzero(np.isin(case.y, codes))
    records = Records.of(case)
    if len(codes) < 2 or len(use) <= 4 * NEIGHBOURS or not records.code.shape[1]:
        return
    label = np.searchsorted(codes, case.y[use])
    space = records.space[use]
    near = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute").fit(space).kneighbors()[1]
    votes = np.stack([(label[near] == k).mean(axis=1) for k in range(len(codes))], axis=1)
    usual = np.array([votes[label == k, k].mean() for k in range(len(codes))])
    confident = np.where(votes >= usual, votes, 0.0)
    other = confident.argmax(axis=1)
    mask = np.zeros(len(case), dtype=bool)
    mask[use] = (confident.max(axis=1) > 0) & (other != label) & (votes.max(axis=1) >= 0.9)
    if mask.sum() < MIN_ROWS:
        return
    yield Finding(
        kind="label.suspicious",
        severity="info",
        rows=case.source_rows(mask),
        evidence={
            "rows": int(mask.sum()),
            "share": round(float(mask.mean()), 6),
            "rows_looked_at": len(case),
        },
        message=(
            f"{int(mask.sum())} rows ({mask.mean():.1%}) bear another `{case.problem.target}` than "
            "nine in ten of the rows most like them: rare cases, or wrong labels"
        ),
        remedy="look at these rows; correct what is wrong in the source",
    )
