"""One JSON value of a row -> one element of an input tensor, by the column's kind.

Types are checked for every single value: `"1.5"`, `true` and `1.5` are three different things.
JSON null, an absent key and, for text, the source's missing tokens mean "missing".
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ninefold.signature import NAT, Array, Input

ABSENT: Any = type("Absent", (), {"__repr__": lambda _: "nothing"})()
"""Stands for a key that a row does not have."""
EPOCH = datetime(1970, 1, 1)
INT64 = np.iinfo(np.int64)


class CellError(Exception):
    """Says what a value must be and what it is instead."""


class Cells:
    """Turns the values of one column into its input tensor."""

    def __init__(self, column: Input, missing_tokens: Sequence[str] = ("",)) -> None:
        self.column = column
        self._missing = {"", *missing_tokens}
        self._bools = {
            level.lower() == "true": level
            for level in column.levels
            if level.lower() in ("true", "false")
        }
        self._formats = [column.format] if column.format and "%" in column.format else []
        self.placeholder, self._dtype, self._read = self._reader()

    def read(self, values: Sequence[Any], errors: dict[int, str]) -> Array:
        """Return `(N, 1)`; a value that is wrong becomes a placeholder and an entry of `errors`."""
        array = self._read_uniform(values)
        if array is None:
            array = np.empty(len(values), dtype=self._dtype)
            for position, value in enumerate(values):
                array[position] = self._read_one(position, value, errors)
        return array.reshape(-1, 1)

    def _read_uniform(self, values: Sequence[Any]) -> Array | None:
        """Read a column whose values are all of the expected JSON type, at once."""
        types = set(map(type, values))
        kind = self.column.kind
        if kind == "number" and types <= {float, int}:
            try:
                return np.array(values, dtype=np.float64)
            except OverflowError:
                return None
        if kind == "bool" and types == {bool}:
            return np.array(values, dtype=np.bool_)
        if kind in ("category", "text") and types == {str}:
            missing = self._missing
            array = np.empty(len(values), dtype=object)
            array[:] = ["" if value in missing else value for value in values]
            return array
        return None

    def _read_one(self, position: int, value: Any, errors: dict[int, str]) -> Any:
        try:
            return self._read(value)
        except CellError as error:
            errors.setdefault(position, f"column `{self.column.name}` must be {error}")
            return self.placeholder

    def _reader(self) -> tuple[Any, Any, Callable[[Any], Any]]:
        kind = self.column.kind
        if kind == "number":
            return float("nan"), np.float64, _number
        if kind == "bool":
            return False, np.bool_, _bool
        if kind == "datetime":
            return NAT, np.int64, self._datetime
        return "", object, self._text

    def _text(self, value: Any) -> str:
        if type(value) is str:
            return "" if value in self._missing else value
        if value is None or value is ABSENT or value != value:
            return ""
        if (
            type(value) is bool
            and value in self._bools
            and len(self._bools) == len([level for level in self.column.levels if level])
        ):
            return self._bools[value]
        hint = f', as in "{shown(value)}"' if isinstance(value, (int, float)) else ""
        raise CellError(f"text or null{hint}, however: {shown(value)}")

    def _datetime(self, value: Any) -> int:
        if type(value) is int and INT64.min <= value <= INT64.max:
            return value
        if value is None or value is ABSENT or value != value:
            return int(NAT)
        if type(value) is str:
            if value in self._missing:
                return int(NAT)
            if (micros := _parsed(value, self._formats)) is not None:
                return micros
        forms = " or ".join(['"2013-12-31T14:05:00"', *(f'"{form}"' for form in self._formats)])
        raise CellError(
            f"a date as text ({forms}), whole microseconds since 1970, or null, however: "
            f"{shown(value)}"
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


def _parsed(text: str, formats: Sequence[str]) -> int | None:
    """Return microseconds since 1970 of a date in one of `formats` or ISO 8601, or None."""
    for form in formats:
        try:
            return _microseconds(datetime.strptime(text, form))
        except ValueError:
            continue
    try:
        return _microseconds(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _microseconds(moment: datetime) -> int:
    """Count from 1970; with an offset from UTC as UTC, without one as it stands."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - EPOCH) // timedelta(microseconds=1)
