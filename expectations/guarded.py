"""Text from data in pages that Great Expectations renders: shown as it stands, never as markup.

Some of its templates escape what they show, others do not. Signs that mean something in HTML go
through them as signs of Unicode's private use area, and come out as entities.
"""

import html
from collections.abc import Mapping
from typing import Any

from expectations.wording import cell

SIGNS = {sign: chr(0xE000 + place) for place, sign in enumerate("<>&\"'")}
GUARDED = str.maketrans(SIGNS)
SHOWN = {ord(guard): html.escape(sign) for sign, guard in SIGNS.items()}


def guarded(value: Any) -> Any:
    """Return a value with the signs in its texts guarded; a row becomes the text of its cells.

    >>> shown(guarded({"a": ["<b>", 1]})["a"][0])
    '&lt;b&gt;'
    """
    if isinstance(value, str):
        return value.translate(GUARDED)
    if isinstance(value, Mapping):
        return {guarded(key): guarded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [guarded(item) for item in value]
    if isinstance(value, tuple):
        return guarded(", ".join(cell(item) for item in value))
    return value


def shown(page: str) -> str:
    """Return a page in which guarded signs are entities."""
    return page.translate(SHOWN)
