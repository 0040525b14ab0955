"""A lone row's cells read at once: an array each would cost more than the model's run.

Only what is as it should be is read; of anything else the careful readers say what is wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ninefold.signature import Array

if TYPE_CHECKING:
    from ninefold.serving.model import Tensor

CELL = (-1, 1)
"""Shape of an input that takes one cell a row."""
TYPES: Mapping[str, frozenset[type]] = {
    "FP64": frozenset({float, int}),
    "INT64": frozenset({int}),
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str}),
}
"""Datatypes whose plain elements numpy takes as JSON has them -> the types JSON has."""
MOST = 256
"""Combinations of types that are remembered: JSON has two types of numbers."""


class Block(NamedTuple):
    """Columns whose cells are of the same JSON types and go into an array of one type.

    `plain` returns the cells as numpy takes them, or None where one is not as it should be.
    """

    names: Sequence[str]
    types: frozenset[type]
    dtype: Any
    plain: Callable[[tuple[Any, ...]], tuple[Any, ...] | None] | None = None


class Blocks:
    """Reads the cells of all blocks from a row."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.names = tuple(name for block in blocks for name in block.names)
        self._types = [block.types for block in blocks for _ in block.names]
        self._values = _getter(self.names)
        self._parts = list(_parts(blocks))
        self._seen: set[tuple[type, ...]] = set()

    def read(self, row: Mapping[str, Any]) -> dict[str, Array] | None:
        """Return column -> `(1, 1)`, or None when a cell is missing or not plain."""
        try:
            values = self._values(row)
        except KeyError:
            return None
        types = tuple(map(type, values))
        if types not in self._seen and not self._is_plain(types):
            return None
        feeds: dict[str, Array] = {}
        try:
            for part, block, shape in self._parts:
                cells: tuple[Any, ...] | None = values[part]
                if block.plain is not None and (cells := block.plain(values[part])) is None:
                    return None
                array = np.array(cells, dtype=block.dtype).reshape(shape)
                feeds.update(zip(block.names, array, strict=True))
        except OverflowError:
            return None
        return feeds

    def _is_plain(self, types: tuple[type, ...]) -> bool:
        is_plain = all(map(frozenset.__contains__, self._types, types))
        if is_plain and len(self._seen) < MOST:
            self._seen.add(types)
        return is_plain


class CellTensors:
    """JSON tensors of one row of cells: 29 inputs cost as much as one."""

    def __init__(self, inputs: "Sequence[Tensor]") -> None:
        self._datatypes = {item.name: item.datatype for item in inputs}
        self._blocks = Blocks(
            [
                Block(names, types, next(t.dtype for t in inputs if t.datatype == datatype))
                for datatype, types in TYPES.items()
                if (names := [item.name for item in inputs if item.datatype == datatype])
            ]
        )
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
        return self._blocks.read(row)

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


def _parts(blocks: Sequence[Block]) -> Iterator[tuple[slice, Block, tuple[int, int, int]]]:
    """Yield where the cells of each block lie among those of all, and the shape of its array."""
    start = 0
    for block in blocks:
        stop = start + len(block.names)
        yield slice(start, stop), block, (len(block.names), 1, 1)
        start = stop


def _getter(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)
