"""Levels written otherwise: `Rome`, `rome` and `ROME ` are one place, and three to a network."""

import re
import unicodedata
from collections.abc import Mapping

APART = re.compile(r"(?<=\w)[-_\s]+(?=\w)|\s+")
SHORT = 2
"""Codes of so few characters may differ in case for a reason (unit m or M) ..."""
RARE = 0.2
"""... unless the other way of writing is this rare."""
MARKS = frozenset({
    "?", "??", "-", "--", "---", "–", "—", ".", "..", "...", "*", "**", "#", "na", "n/a", "n.a.",
    "n.a", "n. a.", "n/d", "nd", "n.d.", "s/d", "nan", "nil", "none", "null", "(null)", "missing",
    "(missing)", "unknown", "not available", "not known", "not applicable", "no data", "k.a.",
    "k. a.", "k.a", "keine angabe", "unbekannt", "#n/a", "#na", "#value!", "#ref!", "#div/0!",
    "#name?", "#num!", "#null!", "#wert!", "#bezug!",
})  # fmt: skip
"""What people and spreadsheets write, in lower case, where a number or date is missing."""


def folded(text: str) -> str:
    """Return a level without case, blanks around it, and what joins its words.

    Signs stay, since they tell levels apart: `A+` and `A-`, `C` and `C++`.

    >>> folded(" New_York") == folded("new york"), folded("A+") == folded("A-")
    (True, False)
    """
    plain = unicodedata.normalize("NFKC", mended(text)).casefold()
    return APART.sub(" ", plain.strip()).strip()


def mended(text: str) -> str:
    """Return UTF-8 that was read as a Western code page as what was written.

    >>> mended("ZÃ¼rich"), mended("Zürich")
    ('Zürich', 'Zürich')
    """
    if text.isascii():
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


def variants(counts: Mapping[str, int]) -> dict[str, str]:
    """Return the levels that are another one written otherwise, each with the usual way.

    The usual way is the most frequent one.

    >>> variants({"yes": 90, "Yes": 3, "no": 40})
    {'Yes': 'yes'}
    """
    groups: dict[str, list[str]] = {}
    for level in sorted(counts, key=lambda level: (-counts[level], level)):
        groups.setdefault(folded(level), []).append(level)
    return {
        level: usual
        for fold, (usual, *others) in groups.items()
        for level in others
        if len(fold) > SHORT or counts[level] <= RARE * counts[usual]
    }
