"""Where one word of a text ends and the next begins, as the file says it and in Python; how a CSV
is encoded, where its cells end, and what its columns are called.
"""

import codecs
import re
import unicodedata

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
MOST_LETTERS = 1000
"""Longer names are left as they are: marks without end are slow to put in order."""
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


def encoding_of(head: bytes, usual: str = "utf-8") -> str:
    """Return how a text that begins so is encoded: as a byte order mark says, as UTF-8 where that
    is what stands beyond ASCII, else as `usual`.

    >>> encoding_of("größe".encode("cp1252"), "cp1252"), encoding_of("größe".encode(), "cp1252")
    ('cp1252', 'utf-8')
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head.isascii():
        return usual
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return usual
    return "utf-8"


def decoded(content: bytes, encoding: str, *, is_whole: bool = True) -> str:
    """Return the text of bytes without a byte order mark; what is not whole may end inside a
    character.
    """
    name = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    return codecs.getincrementaldecoder(name)().decode(content, is_whole)


def composed(name: str) -> str:
    """Return a column's name with each letter as one character: macOS writes `ö` as two.

    >>> composed("gro\u0308ße") == "größe"
    True
    """
    return name if len(name) > MOST_LETTERS else unicodedata.normalize("NFC", name)
