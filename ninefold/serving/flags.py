"""What is unusual about a row: values that training never saw, or that are not there."""

from collections.abc import Mapping
from typing import Any

from ninefold.serving.model import Array
from ninefold.signature import NAT, Input

Flags = dict[str, list[str]]


class Flagger:
    """Compares the cells of a row with what the signature says of the train rows."""

    def __init__(self, columns: Mapping[str, Input]) -> None:
        self._levels = {
            name: frozenset({"", *column.levels})
            for name, column in columns.items()
            if column.kind == "category" and column.levels
        }
        self._ranges = {
            name: (column.minimum, column.maximum)
            for name, column in columns.items()
            if column.kind in ("number", "datetime")
            and column.minimum is not None
            and column.maximum is not None
        }
        kinds = {name: column.kind for name, column in columns.items()}
        self._texts = [n for n, kind in kinds.items() if kind in ("category", "text")]
        self._times = {name for name, kind in kinds.items() if kind == "datetime"}

    def flags(self, feeds: Mapping[str, Array]) -> dict[int, Flags]:
        """Return the flags of the rows of `feeds` (n, 1) that have some: by row, kind and column.

        unseen: a level that no train row had. out_of_range: below or above all train rows.
        missing: no value.
        """
        found: dict[int, Flags] = {}

        def note(position: int, kind: str, name: str) -> None:
            found.setdefault(position, {}).setdefault(kind, []).append(name)

        for name, (low, high) in self._ranges.items():
            is_time = name in self._times
            for position, value in enumerate(_values(feeds[name])):
                if not low <= value <= high:
                    is_missing = value == NAT if is_time else value != value
                    note(position, "missing" if is_missing else "out_of_range", name)
        for name in self._texts:
            known = self._levels.get(name)
            for position, value in enumerate(_values(feeds[name])):
                if value == "":
                    note(position, "missing", name)
                elif known is not None and value not in known:
                    note(position, "unseen", name)
        return found


def _values(array: Array) -> list[Any]:
    return [array.item()] if array.size == 1 else list(array.ravel().tolist())
