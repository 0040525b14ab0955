"""What a few words of a text tell of the class, out of fold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import FOLDS, binned
from ninefold.leakage._spelling import WORD
from ninefold.leakage.power import MAX_BINS, Power, View

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FEW = 24
"""Words that a class is told by: what was written of the outcome says it in few words."""
MIN_TEXTS, MAX_WORDS = 5, 5000
"""Texts that a word must stand in, and the most frequent words that are looked at."""
WORDY, MIN_LEVELS = 2.0, 20
"""Words a value on average, and values, from which a column of names holds texts."""
MOST_CLASSES, NAMED = 6, 8
"""Classes whose words are looked for, the commonest first, and words that are named."""
LETTERS = 4_000_000
"""Letters read of all texts together; of each the beginning and the end."""


@dataclass(frozen=True)
class Wording:
    """The words of `(N,)` texts: `has` `(N, W)` tells which of `words` a text holds."""

    words: Array
    has: "csr_matrix[Any]"

    def told(self, positive: Array, fold: Array) -> tuple[Array, tuple[str, ...]]:
        """Return naive Bayes scores `(N,)` of a class by few words, out of fold, and the words.

        Each fold's words are those that chi² of the other folds puts first; what is returned are
        those of all folds together.
        """
        counts = np.stack([self._counts(positive, fold == f) for f in range(FOLDS)])
        total = counts.sum(0)
        sizes = np.stack([np.bincount(positive[fold == f], minlength=2) for f in range(FOLDS)])
        scores = np.zeros(len(positive))
        for number in range(FOLDS):
            held = fold == number
            chosen, weights, start = _weights(total - counts[number], sizes.sum(0) - sizes[number])
            scores[held] = start + self.has[held][:, chosen] @ weights
        chosen = _weights(total, sizes.sum(0))[0]
        return scores, tuple(self.words[chosen].tolist())

    def _counts(self, positive: Array, rows: Array) -> Array:
        """Return how many texts `(2, W)` of either class hold each word."""
        inside = np.stack([rows & (positive == k) for k in (0, 1)]).astype(np.float64)
        return np.asarray(inside @ self.has)


def views_of_words(power: Power, name: str) -> list[View]:
    """Return what a few words of a column say of each class, if it holds texts."""
    case = power.case
    is_named = case.frame.column(name).kind in ("category", "text")
    if power.classes < 2 or not is_named or case.codes[name].max() < MIN_LEVELS:
        return []
    words = wording(case.frame[name])
    if words is None or words.has.sum() < WORDY * len(case):
        return []
    common = np.argsort(-np.bincount(power.y), kind="stable")[:MOST_CLASSES]
    views = []
    for klass in common if power.classes > 2 else (1,):
        scores, said = words.told((power.y == klass).astype(np.int64), power.fold)
        listed = ", ".join(said[:NAMED])
        views.append(View(name, "words", binned(scores, MAX_BINS), scores, listed, int(klass)))
    return views


def wording(values: Array) -> Wording | None:
    """Return the words of texts `(N,)`; None if hardly any is in use twice."""
    from scipy.sparse import csr_matrix

    half = max(100, LETTERS // max(2 * len(values), 1))
    place: dict[str, int] = {}
    indices: list[int] = []
    starts = [0]
    for value in values:
        text = "" if value is None else str(value).casefold()
        text = text if len(text) <= 2 * half else f"{text[:half]} {text[-half:]}"
        indices += {place.setdefault(word, len(place)) for word in WORD.findall(text)}
        starts.append(len(indices))
    counts = np.bincount(np.array(indices, dtype=np.int64), minlength=len(place))
    kept = np.argsort(-counts, kind="stable")[:MAX_WORDS]
    kept = kept[(counts[kept] >= MIN_TEXTS) & (counts[kept] < len(values))]
    if not len(kept):
        return None
    ones = np.ones(len(indices))
    has = csr_matrix((ones, indices, starts), shape=(len(values), len(place)))[:, kept]
    return Wording(np.array(list(place), dtype=object)[kept], has.tocsr())


def _weights(counts: Array, sizes: Array) -> tuple[Array, Array, float]:
    """Return the places of the telling words, their log odds, and those of a text with none.

    `counts` `(2, W)` texts of either class with each word, `sizes` `(2,)` texts of either class.
    """
    inside = counts.sum(0)
    expected = inside * sizes[1] / max(sizes.sum(), 1)
    free = expected * sizes[0] / max(sizes.sum(), 1) * (1 - inside / max(sizes.sum(), 1))
    chi2 = (counts[1] - expected) ** 2 / np.maximum(free, 1e-9)
    chosen = np.argsort(-chi2, kind="stable")[:FEW]
    share = (counts[:, chosen] + 0.5) / (sizes[:, None] + 1)
    with_it, without = np.log(share[1] / share[0]), np.log((1 - share[1]) / (1 - share[0]))
    return chosen, with_it - without, float(without.sum())
