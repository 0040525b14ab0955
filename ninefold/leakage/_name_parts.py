"""Parts of names that are different in every row: the patient in the name of a scan, a session."""

import re
from collections.abc import Iterator

import numpy as np

from ninefold.columns import Array
from ninefold.leakage.case import Case

PIECE = re.compile(r"[^\W_]+")
MOST_PIECES = 4
DISTINCT = 0.9
"""Share of distinct values from which a text names its row."""
ALIKE = 0.95
"""Share of names that must have as many pieces as most."""


def parts_of_names(case: Case, name: str) -> Iterator[tuple[str, Array]]:
    """Yield the words for each piece of the names in a column, and its codes `(N,)`.

    Pieces are what stands between dots, dashes, slashes and underscores, as in p012_scan3.png.
    Texts with blanks are no such names.
    """
    from pandas import factorize

    if case.frame.column(name).kind not in ("category", "text") or case.is_missing(name).any():
        return
    texts = [str(value) for value in case.frame[name]]
    if len(set(texts)) < DISTINCT * len(texts) or any(" " in text for text in texts):
        return
    pieces = [PIECE.findall(text) for text in texts]
    counts = np.bincount([len(found) for found in pieces])
    usual = int(counts.argmax())
    if usual < 2 or counts[usual] < ALIKE * len(texts):
        return
    looked_at = 0
    for at in range(usual):
        value = [f[at] if len(f) == usual else text for f, text in zip(pieces, texts, strict=True)]
        codes = np.asarray(factorize(np.array(value, dtype=object))[0])
        # What stands in all names, a scheme or a host, is no part of any.
        if looked_at < MOST_PIECES and codes.max() > 0:
            looked_at += 1
            yield f"part {at + 1} of", codes
