"""Texts told apart by what they say, not by how they are written."""

import re

import numpy as np

from ninefold.columns import Array

WORD = re.compile(r"[^\W_]+")
LONG = 24
"""Letters and digits of a text from which it is known by them alone, in any order."""


def folded(values: Array) -> Array:
    """Return codes `(N,)` of texts that are told apart only by their words, in any order.

    Case, punctuation and spaces do not count; of long texts, nor where a word ends.
    """
    from pandas import factorize

    codes, levels = factorize(values)
    kept = np.array([_key(str(level)) for level in levels], dtype=object)
    return np.asarray(factorize(kept)[0][codes])


def _key(text: str) -> str:
    words = sorted(WORD.findall(text.casefold()))
    letters = "".join(words)
    return "".join(sorted(letters)) if len(letters) >= LONG else " ".join(words) or text
