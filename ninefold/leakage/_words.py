"""What a few words of a text tell of the class, out of fold."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Array
from ninefold.leakage._scores import FOLDS, binned
from ninefold.leakage._spelling import WORD
from ninefold.leakage.chance import auc
from ninefold.leakage.power import MAX_BINS, Power, View

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FEWEST = (1, 2, 4, 8, 24)
"""Words that a class is told by: what was written of the outcome says it in few words, and the
odds of further ones, counted as if they came alone, would drown it."""
PURE = 0.99
"""Share of a class among the texts that words single out."""
MIN_SAID = 20
"""Such texts of the class, at least."""
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

        By as few as tell it best.

        Each fold's words are those that chi² of the other folds puts first; what is returned are
        those of all folds together.
        """
        counts = np.stack([self._counts(positive, fold == f) for f in range(FOLDS)])
        total = counts.sum(0)
        sizes = np.stack([np.bincount(positive[fold == f], minlength=2) for f in range(FOLDS)])
        scores = np.zeros((len(FEWEST), len(positive)))
        for number in range(FOLDS):
            held = fold == number
            chosen, odds = _weights(total - counts[number], sizes.sum(0) - sizes[number])
            has = self.has[held][:, chosen]
            for at, few in enumerate(FEWEST):
                with_it, without = odds[:, :few]
                scores[at, held] = without.sum() + has[:, :few] @ (with_it - without)
        area = [auc(one, positive == 1)[0] for one in scores]
        chosen = _weights(total, sizes.sum(0))[0]
        return scores[int(np.argmax(area))], tuple(self.words[chosen].tolist())

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


def covered(scores: Array, positive: Array) -> float:
    """Return the share of a class that scores `(N,)` single out nearly without error.

    Of the class `positive` `(N,)` or of all others, whichever is larger.
    """
    best = 0.0
    for sign, inside in ((1, positive), (-1, ~positive)):
        order = np.argsort(-sign * scores, kind="stable")
        ordered = sign * scores[order]
        hits = np.cumsum(inside[order])
        pure = (hits >= PURE * np.arange(1, len(hits) + 1)) & (hits >= MIN_SAID)
        ends = np.append(ordered[1:] != ordered[:-1], True)
        best = max(best, float(hits[pure & ends].max(initial=0) / max(inside.sum(), 1)))
    return best


def _weights(counts: Array, sizes: Array) -> tuple[Array, Array]:
    """Return the places of the telling words `(F,)`, best first, and log odds `(2, F)`.

    Those of a text that has the word, and of one that has not. `counts` `(2, W)` are texts of
    either class with each word, `sizes` `(2,)` texts of either class.
    """
    inside = counts.sum(0)
    expected = inside * sizes[1] / max(sizes.sum(), 1)
    free = expected * sizes[0] / max(sizes.sum(), 1) * (1 - inside / max(sizes.sum(), 1))
    chi2 = (counts[1] - expected) ** 2 / np.maximum(free, 1e-9)
    chosen = np.argsort(-chi2, kind="stable")[: max(FEWEST)]
    share = (counts[:, chosen] + 0.5) / (sizes[:, None] + 1)
    with_it, without = np.log(share[1] / share[0]), np.log((1 - share[1]) / (1 - share[0]))
    return chosen, np.stack([with_it, without])
