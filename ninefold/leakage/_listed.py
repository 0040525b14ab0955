"""Columns named in a message."""

from collections.abc import Iterable

SHOWN = 5


def listed(names: Iterable[str]) -> str:
    """Return the first names, and a sign where there are more.

    >>> listed(["a", "b"])
    '`a`, `b`'
    """
    quoted = [f"`{name}`" for name in names]
    return ", ".join(quoted[:SHOWN]) + (" …" if len(quoted) > SHOWN else "")
