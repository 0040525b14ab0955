"""Where one word of a text ends and the next begins, as the file says it and in Python; and where
the cells of a CSV do, as Excel says it.
"""

import re

SPACES = "\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What stands between words, as a class of a regular expression."""
UNSPACED = (
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3001-\u303f\u3041-\u30ff\u31f0-\u31ff\uff01-\uff0f\uff1a-\uff20\uff66-\uff9f"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fa1f"  # Japanese, Chinese
)
"""Characters of scripts that put no space between words: each counts as a word."""
WORD = f"[{UNSPACED}]|[^{SPACES}{UNSPACED}]+"
"""A word, for RE2 and for Python."""
MOST_WORDS = 510
"""Words beyond are not looked at: a file pads every text to the longest of its batch."""
PER_WORD = 2
"""Characters that a word has on average in scripts without spaces."""
_WORD = re.compile(WORD)
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


def split_text(text: str) -> list[str]:
    """Return the words of a text, the first `MOST_WORDS`.

    >>> split_text("two words\\nand 东京")
    ['two', 'words', 'and', '东', '京']
    """
    return all_words(text)[:MOST_WORDS]


def all_words(text: str) -> list[str]:
    """Return the words of a text, however many there are."""
    return _WORD.findall(text)


def said_delimiter(text: str) -> tuple[str | None, str]:
    """Return the delimiter that a first line of Excel says, None without one, and the text after.

    >>> said_delimiter("sep=;\\na;b\\n")
    (';', 'a;b\\n')
    """
    said = _SAID.match(text)
    return (said[1], text[said.end() :]) if said else (None, text)
