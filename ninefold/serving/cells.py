"""One JSON value of a row -> one element of an input tensor, by the column's kind.

Types are checked for every single value: `"1.5"`, `true` and `1.5` are three different things.
JSON null, an absent key and, for text, the source's missing tokens mean "missing".
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ninefold import dates, pixels, sequences
from ninefold.serving import pictures
from ninefold.serving import sequences as series
from ninefold.signature import NAT, Array, Input

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "nothing"})()
"""Stands for a key that a row does not have."""
BOOLEAN = "boolean"
"""Format of a category column that holds true, false and missing."""
INT64 = np.iinfo(np.int64)
WRITTEN = 10**8
"""Numbers below may be dates in digits (20130105): as microseconds they are seconds of 1970."""


class CellError(Exception):
    """Says what a value must be and what it is instead."""


class Cells:
    """Turns the values of one column into its input tensor."""

    def __init__(self, column: Input, missing_tokens: Sequence[str] = ("",)) -> None:
        self.column = column
        self._missing = {"", *missing_tokens}
        self.placeholder, self._dtype, self._read = self._reader()

    def read(
        self, values: Sequence[Any], errors: dict[int, str], *, is_sent: bool = False
    ) -> Array:
        """Return `(N, 1)`, or `(N,)` pictures or sequences; a value that is wrong becomes a
        placeholder and an entry of `errors`.

        Where somebody sent the values, numbers that hardly are microseconds are no dates.
        """
        if self.column.kind in ("image", "sequence"):
            own = pictures.Pictures(self.column.format) if self.column.kind == "image" else None
            read = self._read if own is None else partial(self._picture, own)
            return pixels.objects(
                self._read_one(position, value, errors, read)
                for position, value in enumerate(values)
            )
        if self.column.kind == "datetime":
            given = values
            values = self._parsed(values)
            if is_sent:
                self._refuse_doubtful(given, values, errors)
        array = self._read_uniform(values)
        if array is None:
            array = np.empty(len(values), dtype=self._dtype)
            for position, value in enumerate(values):
                array[position] = self._read_one(position, value, errors, self._read)
        return array.reshape(-1, 1)

    @property
    def plain_kind(self) -> str | None:
        """The kind whose plain cells need no careful look: number, bool, text, or datetime without
        a format of its own; or None.
        """
        kind = self.column.kind
        if kind in ("number", "bool"):
            return kind
        if kind == "datetime":
            return None if self.column.format else kind
        is_told = self.column.format == BOOLEAN or sequences.holds_words(self.column.format)
        is_text = kind in ("category", "text") and not is_told
        return "text" if is_text else None

    def _read_uniform(self, values: Sequence[Any]) -> Array | None:
        """Read a column whose values are all of the expected JSON type, at once."""
        types, kind = set(map(type, values)), self.column.kind
        if kind == "number" and types <= {float, int}:
            try:
                return np.array(values, dtype=np.float64)
            except OverflowError:
                return None
        if kind == "bool" and types == {bool}:
            return np.array(values, dtype=np.bool_)
        return None

    def _read_one(
        self, position: int, value: Any, errors: dict[int, str], read: Callable[[Any], Any]
    ) -> Any:
        try:
            return read(value)
        except CellError as error:
            errors.setdefault(position, f"column `{self.column.name}` must be {error}")
            return self.placeholder

    def _reader(self) -> tuple[Any, Any, Callable[[Any], Any]]:
        kind = self.column.kind
        if kind == "image":
            blank, own = pixels.blank(pixels.channels(self.column.format)), pictures.Pictures
            return blank, object, lambda value: self._picture(own(self.column.format), value)
        if kind == "sequence":
            return sequences.blank(self.column.format), object, self._sequence
        if kind == "number":
            return float("nan"), np.float64, _number
        if kind == "bool":
            return False, np.bool_, _bool
        if kind == "datetime":
            return NAT, np.int64, self._datetime
        if sequences.holds_words(self.column.format):
            return "", object, self._words
        return "", object, self._text

    def _words(self, value: Any) -> str:
        """Return the words of steps, one a line: of a list, or of a text that holds such a list or
        words between spaces.
        """
        if type(value) is list:
            if all(word is None or type(word) is str for word in value):
                return sequences.text_of_words(value)
            raise CellError(f'a list of words, as in ["the", "word"], however: {shown(value)}')
        return sequences.lines_of_words(self._text(value))

    def _picture(self, own: pictures.Pictures, value: Any) -> Array:
        try:
            return own.read(value)
        except ValueError as error:
            raise CellError(f"{pictures.RULE}; however: {error}") from None

    def _sequence(self, value: Any) -> Array:
        try:
            given = None if value is ABSENT else value
            return series.read_sequence(given, self.column.format)
        except ValueError as error:
            raise CellError(f"{series.RULE}; however: {error}") from None

    def _text(self, value: Any) -> str:
        if type(value) is str:
            if value in self._missing or value.strip() in self._missing:
                return ""
            if self.column.format == BOOLEAN and value.strip().lower() in ("true", "false"):
                return value.strip().lower()
            return value
        if value is None or value is ABSENT or value != value:
            return ""
        if self.column.format == BOOLEAN and type(value) is bool:
            return "true" if value else "false"
        hint = f', as in "{shown(value)}"' if isinstance(value, (int, float)) else ""
        raise CellError(f"text or null{hint}, however: {shown(value)}")

    def _parsed(self, values: Sequence[Any]) -> list[Any]:
        """Return the values with dates written as text replaced by microseconds where they are."""
        results: list[Any] = [
            self._of_digits(value) if type(value) is int else value for value in values
        ]
        for form in dict.fromkeys((self.column.format, None)):
            places = [i for i, value in enumerate(results) if type(value) is str]
            if places:
                micros = dates.to_micros([results[i] for i in places], form).tolist()
                for place, moment in zip(places, micros, strict=True):
                    results[place] = results[place] if moment == NAT else moment
        return results

    def _refuse_doubtful(
        self, given: Sequence[Any], values: Sequence[Any], errors: dict[int, str]
    ) -> None:
        """Note numbers that stayed as they were and hardly are microseconds."""
        for position, (number, value) in enumerate(zip(given, values, strict=True)):
            if number is value and (why := dates.doubt(value)):
                rule = self._rule_of_dates(f"{shown(value)}{why}. Write it as text")
                errors.setdefault(position, f"column `{self.column.name}` must be {rule}")

    def _of_digits(self, value: int) -> int:
        """Return microseconds of a date that is written as a number, as in 20130105."""
        if not 0 < value < WRITTEN:
            return value
        for form in (self.column.format, dates.COMPACT if value in dates.IN_DIGITS else None):
            if form is not None:
                moment = int(dates.to_micros([str(value)], form)[0])
                if moment != NAT:
                    return moment
        return value

    def _datetime(self, value: Any) -> int:
        if type(value) is int and INT64.min <= value <= INT64.max:
            return value
        if value is None or value is ABSENT or value != value:
            return int(NAT)
        if type(value) is str and value.strip() in self._missing:
            return int(NAT)
        raise CellError(self._rule_of_dates(shown(value)))

    def _rule_of_dates(self, found: str) -> str:
        own = f' or as "{self.column.format}"' if self.column.format else ""
        return (
            f'a date as text ("2013-12-31T14:05:00"{own}), whole microseconds since 1970, or null, '
            f"however: {found}"
        )


def shown(value: Any) -> str:
    """Return a value for a message: bounded, and as JSON writes it."""
    names = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return names[value]
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _number(value: Any) -> float:
    kind = type(value)
    if kind is float:
        return float(value)
    if kind is int:
        try:
            return float(value)
        except OverflowError:
            raise CellError(f"a number a double can hold, however: {shown(value)}") from None
    if value is None or value is ABSENT:
        return float("nan")
    raise CellError(f"a number or null, however: {shown(value)}")


def _bool(value: Any) -> bool:
    if type(value) is bool:
        return value
    raise CellError(f"true or false, however: {shown(value)}")
