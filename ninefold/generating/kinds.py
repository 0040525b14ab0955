"""Kinds of train rows that a generator hardly ever draws."""

import numpy as np

from ninefold.columns import Array

COUNTED = 400
"""Drawn rows that tell a kind which is left out from one that is drawn seldom by chance."""
KINDS, ROWS_OF_KIND = 8, 40
"""Most kinds, and train rows that each has on average at least."""
FREQUENT, SELDOM = 0.05, 0.25
"""Share of train rows of a kind that counts, and the part of it that is drawn at most. Generators
taught well drew each kind at least three quarters as often as it is there."""
MUCH = 0.1
"""Share of train rows of left out kinds, from which on they are told."""


def left_out(train: Array, drawn: Array) -> float:
    """Return the share of train rows `(N, D)` whose kind is hardly among the drawn `(M, D)`.

    Kinds are clusters of train rows (Richardson and Weiss, "On GANs and GMMs", 2018).
    """
    from sklearn.cluster import KMeans

    kinds = min(KINDS, len(train) // ROWS_OF_KIND)
    if kinds < 2 or len(np.unique(train, axis=0)) < kinds:
        return 0.0
    found = KMeans(kinds, n_init=3, random_state=0).fit(train)
    there = np.bincount(found.labels_, minlength=kinds) / len(train)
    told = np.bincount(found.predict(drawn), minlength=kinds) / len(drawn)
    return float(there[(there >= FREQUENT) & (told < SELDOM * there)].sum())
