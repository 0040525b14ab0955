"""Writes fitted features as one graph."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold.columns import Column
from ninefold.preprocessing.blocks.block import Block, FittedTensor, Reader
from ninefold.preprocessing.blocks.numbers import NumberBlock, NumberCell
from ninefold.preprocessing.layout import Layout, tensor_name
from ninefold.preprocessing.levels import Levels

if TYPE_CHECKING:
    import onnx


def assemble(
    blocks: Sequence[Block],
    codes: Sequence[Levels],
    columns: Sequence[Column],
    tensors: Sequence[FittedTensor] = (),
) -> tuple["onnx.ModelProto", Layout]:
    """Write the graph and describe its outputs."""
    from ninefold.graph import Graph

    graph = Graph("preprocess")
    reader = Reader(graph, columns)
    used = {cell.column for block in blocks for cell in block.cells}
    used |= {c.column for c in codes} | {tensor.column for tensor in tensors}
    read = tuple(column for column in columns if column.name in used)
    for column in read:
        reader.raw(column.name)
    parts = [block.emit(reader) for block in blocks]
    values = graph.Concat(*parts, axis=1) if parts else _nothing(graph, reader, read, np.float64)
    looked_up = [reader.codes(levels) for levels in codes]
    table = graph.Concat(*looked_up, axis=1) if codes else _nothing(graph, reader, read, np.int64)
    cells = [cell for block in blocks for cell in block.cells]
    given = ["X", "codes", *(tensor_name(i) for i in range(len(tensors)))]
    names = [_free(name, used) for name in given]
    graph.output(names[0], graph.cast(values, np.float32), np.float32, ("N", len(cells)))
    graph.output(names[1], table, np.int64, ("N", len(codes)))
    for name, tensor in zip(names[2:], tensors, strict=True):
        told = tensor.layout
        graph.output(name, tensor.emit(reader), told.dtype, ("N", *told.sizes(name)))
    continuous = sum(len(block.cells) for block in blocks if isinstance(block, NumberBlock))
    smooth = [isinstance(cell, NumberCell) and cell.is_smooth for cell in cells]
    layout = Layout(
        features=tuple(cell.name for cell in cells),
        sources=tuple(cell.column for cell in cells),
        continuous=tuple(range(continuous)),
        smooth=tuple(position for position, is_smooth in enumerate(smooth) if is_smooth),
        codes=tuple(levels.column for levels in codes),
        cardinalities=tuple(levels.cardinality for levels in codes),
        columns=read,
        tensors=tuple(tensor.layout for tensor in tensors),
    )
    return graph.model(), layout


def _nothing(graph: Any, reader: Reader, read: Sequence[Column], dtype: Any) -> str:
    """Return an empty table `[N, 0]`."""
    rows = graph.Shape(reader.raw(read[0].name), end=1)
    return str(graph.cast(graph.ConstantOfShape(graph.Concat(rows, np.array([0]), axis=0)), dtype))


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name
