"""What is unusual about a row: values that training never saw, or that are not there."""

from collections.abc import Container, Mapping
from operator import contains, le
from typing import Any

from ninefold.serving.model import Array
from ninefold.signature import NAT, Input
from ninefold.vocabulary import Words, known_share

Flags = dict[str, list[str]]


class _Anything:
    """The levels of a column that lists none: any text but no text."""

    def __contains__(self, text: object) -> bool:
        return text != ""


class _Readable:
    """Texts of which a model knows more than a share of the words."""

    def __init__(self, words: Words, share: float) -> None:
        self._words, self._share = words, share

    def __contains__(self, text: Any) -> bool:
        return known_share(text, self._words) > self._share


class Flagger:
    """Compares the cells of a row with what the signature says of the train rows."""

    def __init__(self, columns: Mapping[str, Input], words: Mapping[str, Words]) -> None:
        self._ranges = {
            name: column.range
            for name, column in columns.items()
            if column.kind in ("number", "datetime") and column.range
        }
        self._levels = {
            name: levels_of(column, words)
            for name, column in columns.items()
            if column.kind in ("category", "text")
        }
        self._lengths = {
            name: column.range
            for name, column in columns.items()
            if column.kind == "text" and column.range
        }
        self._times = {name for name, column in columns.items() if column.kind == "datetime"}
        self._lows = [low for low, _ in self._ranges.values()]
        self._highs = [high for _, high in self._ranges.values()]

    def flags(self, feeds: Mapping[str, Array]) -> dict[int, Flags]:
        """Return the flags of the rows of `feeds` (n, 1) that have some: by row, kind and column.

        unseen: a level that no train row had, a text of which hardly a word is known
        (`Input.known_words`). out_of_range: below or above all train rows, a text that is shorter
        or longer (`Input.range`).
        missing: no value.
        """
        found: dict[int, Flags] = {}
        if self._is_lone_and_usual(feeds):
            return found

        def note(position: int, kind: str, name: str) -> None:
            found.setdefault(position, {}).setdefault(kind, []).append(name)

        for name, (low, high) in self._ranges.items():
            cells, is_time = feeds[name], name in self._times
            if ((cells >= low) & (cells <= high)).all():
                continue
            for position, value in enumerate(_values(cells)):
                if not low <= value <= high:
                    is_missing = value == NAT if is_time else value != value
                    note(position, "missing" if is_missing else "out_of_range", name)
        for name, known in self._levels.items():
            for position, value in enumerate(_values(feeds[name])):
                if value not in known:
                    note(position, "unseen" if value else "missing", name)
        for name, (low, high) in self._lengths.items():
            for position, text in enumerate(_values(feeds[name])):
                if text and not low <= len(text) <= high:
                    note(position, "out_of_range", name)
        return found

    def _is_lone_and_usual(self, feeds: Mapping[str, Array]) -> bool:
        """Tell whether there is one row, with nothing to flag."""
        if not feeds or len(next(iter(feeds.values()))) != 1:
            return False
        numbers = [feeds[name].item() for name in self._ranges]
        texts = [feeds[name].item() for name in self._levels]
        return (
            all(map(le, self._lows, numbers))
            and all(map(le, numbers, self._highs))
            and all(map(contains, self._levels.values(), texts))
            and all(low <= len(feeds[n].item()) <= high for n, (low, high) in self._lengths.items())
        )


def levels_of(column: Input, words: Mapping[str, Words]) -> Container[str]:
    """Return the cells of a category or a text that are as in training; `words` are those that the
    model knows, by column.
    """
    if column.known_words is not None and column.name in words:
        return _Readable(words[column.name], column.known_words)
    is_listed = column.kind == "category" and column.levels
    return frozenset(column.levels) - {""} if is_listed else _Anything()


def _values(array: Array) -> list[Any]:
    return list(array.ravel().tolist())
