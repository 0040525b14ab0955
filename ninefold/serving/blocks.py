"""A lone row's cells of one type, read at once: an array each would cost more than the model's run.

Only what is as it should be is read; of anything else the careful readers say what is wrong.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.signature import Array

if TYPE_CHECKING:
    from ninefold.serving.model import Tensor

CELL = (-1, 1)
"""Shape of an input that takes one cell a row."""
TYPES: Mapping[str, set[type]] = {
    "FP64": {float, int},
    "INT64": {int},
    "BOOL": {bool},
    "BYTES": {str},
}
"""Datatypes whose plain elements numpy takes as JSON has them -> the types JSON has."""


class Block:
    """Columns whose cells are of the same JSON types and go into arrays of the same type."""

    def __init__(self, names: Sequence[str], types: set[type], dtype: Any) -> None:
        self.names, self._types, self._dtype = tuple(names), types, dtype
        self._values = _getter(self.names)

    def read(self, row: Mapping[str, Any], missing: frozenset[str] = frozenset()) -> Array | None:
        """Return the cells of a row `(columns, 1, 1)`, or None when one is not plain.

        `missing` are texts that stand for no value.
        """
        try:
            values = self._values(row)
        except KeyError:
            return None
        if not set(map(type, values)) <= self._types:
            return None
        if missing and not missing.isdisjoint(map(str.strip, values)):
            return None
        block = np.empty((len(values), 1, 1), dtype=self._dtype)
        try:
            block[:, 0, 0] = values
        except OverflowError:
            return None
        return block


class CellTensors:
    """JSON tensors of one row of cells: 29 inputs cost as much as one."""

    def __init__(self, inputs: "Sequence[Tensor]") -> None:
        self._datatypes = {item.name: item.datatype for item in inputs}
        self._blocks = [
            Block(names, types, next(t.dtype for t in inputs if t.datatype == datatype))
            for datatype, types in TYPES.items()
            if (names := [item.name for item in inputs if item.datatype == datatype])
        ]
        self._is_able = all(item.shape == CELL and item.datatype in TYPES for item in inputs)

    def read(self, inputs: Any) -> dict[str, Array] | None:
        """Return input name -> `(1, 1)`, or None where an input is missing, doubled or not plain:
        other than a name, the datatype, the shape `[1, 1]` and a list of one element.
        """
        if not self._is_able or type(inputs) is not list or len(inputs) != len(self._datatypes):
            return None
        try:
            row = dict(map(self._cell, inputs))
        except (KeyError, TypeError, ValueError):
            return None
        feeds: dict[str, Array] = {}
        for block in self._blocks:
            if (cells := block.read(row)) is None:
                return None
            feeds.update(zip(block.names, cells, strict=True))
        return feeds

    def _cell(self, item: Any) -> tuple[str, Any]:
        """Return name and element of a tensor. Raises KeyError, TypeError or ValueError."""
        name, (rows, columns), data = item["name"], item["shape"], item["data"]
        is_plain = (
            len(item) == 4
            and item["datatype"] == self._datatypes[name]
            and type(rows) is type(columns) is int
            and rows == columns == 1
            and type(data) is list
        )
        if not is_plain:
            raise ValueError(name)
        (element,) = data
        return name, element


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)
