"""The words that many texts of training hold: another language, encoding or spelling lacks them."""

from collections import Counter
from collections.abc import Collection

import numpy as np

from ninefold.columns import Array
from ninefold.texts import split_text

MOST = 1000
IN_TEXTS = 5
"""A word that fewer texts hold may be a name, and tells of single rows."""
LEAST = 0.2
"""Where the middle text has a smaller share of common words, texts are codes or names."""


def common_words(texts: Array) -> list[str]:
    """Return the words that most of the texts `(N,)` hold; none where texts do not share words."""
    held = Counter(word for text in texts for word in set(split_text(str(text))))
    often = sorted(held.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    found = [word for word, count in often if count >= IN_TEXTS]
    shares = common_shares(texts, found)
    known = shares[np.isfinite(shares)]
    return found if len(known) and np.median(known) >= LEAST else []


def common_shares(texts: Array, common: Collection[str]) -> Array:
    """Return which share of the words of texts `(N,)` is among the common ones; NaN without any."""
    known = frozenset(common)
    split = (split_text(str(text)) for text in texts)
    return np.array([np.mean([w in known for w in words]) if words else np.nan for words in split])
