"""Levels never seen: perhaps a known one with a slip of the pen, or a mark of a missing value."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ninefold.spelling import MARKS, folded

NAMED, LOOKED_AT = 3, 200
"""So many levels are told of, and so many, the first ones, are looked at."""
LONGEST, BITS = 80, 64
SLIPS = ((8, 2), (4, 1))
"""Levels of so many letters may have so many slips; of three, two letters may be exchanged."""


def of_levels(unseen: Collection[str], known: Collection[str]) -> str:
    """Word what levels never seen may be: the known ones they resemble, marks of missing values.

    >>> of_levels(["Femal", "n/a"], ["Female", "Male"])
    "'Femal' is perhaps 'Female'; 'n/a' reads like a missing value: name it in ingest.missing"
    """
    looked_at = list(unseen)[:LOOKED_AT]
    spelled = [(level, _Spelling.of(level)) for level in known]
    meant = {level: other for level in looked_at if (other := _meant(level, spelled))}
    marks = [level for level in looked_at if level not in meant and _is_mark(level)]
    said = []
    if meant:
        pairs = [f"{level!r} is perhaps {other!r}" for level, other in meant.items()]
        said.append(", ".join(pairs[:NAMED]) + ", …" * (len(pairs) > NAMED))
    if marks:
        named = ", ".join(map(repr, marks[:NAMED])) + ", …" * (len(marks) > NAMED)
        verb = "reads like a missing value: name it" if len(marks) == 1 else (
            "read like missing values: name them")  # fmt: skip
        said.append(f"{named} {verb} in ingest.missing")
    return "; ".join(said)


@dataclass(frozen=True)
class _Spelling:
    """A level as it is compared: folded, its digits, and a bit for each letter it has."""

    plain: str
    digits: str
    letters: int

    @staticmethod
    def of(level: str) -> "_Spelling":
        plain = folded(level)
        letters = 0
        for letter in plain:
            letters |= 1 << ord(letter) % BITS
        return _Spelling(plain, "".join(filter(str.isdigit, plain)), letters)


def _meant(level: str, known: Sequence[tuple[str, _Spelling]]) -> str | None:
    """Return the known level that differs from `level` in its writing or by a slip of the pen.

    Levels whose digits differ are different ones.
    """
    own = _Spelling.of(level)
    found: tuple[int, str] | None = None
    for other, spelled in known:
        distance = _slips(own, spelled)
        if distance is not None and (found is None or distance < found[0]):
            found = distance, other
    return found[1] if found else None


def _is_mark(level: str) -> bool:
    plain = level.strip().casefold()
    return not plain or plain in MARKS or plain.rstrip("?!.") in MARKS


def _slips(own: _Spelling, known: _Spelling) -> int | None:
    """Return how many slips make one text of the other, if so few that they are likely."""
    one, other = own.plain, known.plain
    if one == other:
        return 0
    longest = max(len(one), len(other))
    most = next((slips for letters, slips in SLIPS if longest >= letters), 0)
    if abs(len(one) - len(other)) > most or longest > LONGEST or own.digits != known.digits:
        return None
    if (own.letters ^ known.letters).bit_count() > 2 * most:
        return None
    if most == 0:
        is_turned = len(one) == len(other) == 3 and sorted(one) == sorted(other)
        return 1 if is_turned and one[::-1] != other else None
    distance = _distance(one, other)
    return distance if distance <= most else None


def _distance(one: str, other: str) -> int:
    """Return the optimal string alignment distance (Damerau 1964): a letter too many, missing,
    another, or two neighbours exchanged.
    """
    older: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one):
        row = [i + 1]
        for j, match in enumerate(other):
            cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter != match))
            if i and j and letter == other[j - 1] and one[i - 1] == match:
                cost = min(cost, older[j - 1] + 1)
            row.append(cost)
        older, last = last, row
    return last[-1]
