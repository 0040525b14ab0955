"""Tables without tensors: each column of pictures or sequences gives way to numbers that tell of
them.

Quality rules, exploration, the leakage audit and the comparison with fresh data look at these:
a size that gives the class away is found like any other column that does.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ninefold.columns import Array, Column, Frame, to_array, to_arrow
from ninefold.tensor_cells import TENSOR_KINDS

if TYPE_CHECKING:
    import pyarrow as pa


def described_columns(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns with numbers in the place of tensors."""
    return tuple(new for column in columns for new in _columns(column))


def described_names(columns: Iterable[Column], names: Iterable[str]) -> frozenset[str]:
    """Return `names` and, for those of tensors, the names of the numbers that tell of them."""
    chosen = frozenset(names)
    told = (new.name for c in columns if c.name in chosen for new in _columns(c))
    return chosen.union(told)


def described(frame: Frame) -> Frame:
    """Return the frame with numbers in the place of tensors; without any, the frame itself."""
    if not any(column.is_tensor for column in frame.columns):
        return frame
    data: dict[str, Array] = {}
    for column in frame.columns:
        data |= _data(column, frame[column.name])
    return Frame(described_columns(frame.columns), data, frame.row)


def described_table(table: "pa.Table", columns: tuple[Column, ...]) -> "pa.Table":
    """Return an Arrow table with numbers in the place of tensors."""
    for column in columns:
        if column.is_tensor and column.name in table.column_names:
            found = _data(column, to_array(table[column.name], column.kind))
            position = table.column_names.index(column.name)
            table = table.remove_column(position)
            for offset, (name, values) in enumerate(found.items()):
                table = table.add_column(position + offset, name, to_arrow(values, "number"))
    return table


def _columns(column: Column) -> list[Column]:
    if not column.is_tensor:
        return [column]
    names = TENSOR_KINDS[column.kind].summary_names(column.format)
    return [Column(f"{column.name} {what}", "number", column.roles) for what in names]


def _data(column: Column, values: Array) -> dict[str, Array]:
    if not column.is_tensor:
        return {column.name: values}
    kind = TENSOR_KINDS[column.kind]
    numbers = np.ascontiguousarray(kind.summaries(values, column.format).T)
    return {new.name: part for new, part in zip(_columns(column), numbers, strict=True)}
