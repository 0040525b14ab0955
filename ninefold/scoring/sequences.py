"""Sequences to score: lists in a column of a Parquet file, or JSON in a cell of text."""

import json
from typing import Any

import pyarrow as pa

from ninefold import sequences
from ninefold.columns import Array
from ninefold.datasets.tables.parsing import is_text
from ninefold.pixels import objects
from ninefold.serving.sequences import read_sequence
from ninefold.signature import Input
from ninefold.tensor_cells import from_arrow, kind_of


def read_sequences(values: pa.Array, item: Input) -> tuple[Array, dict[int, str]]:
    """Return sequences `(N,)` from lists of steps, or as Ninefold stores them; for each row that
    holds none, what is wrong.
    """
    depth = len(sequences.channels(item.format))
    if kind_of(values.type) == "sequence" and _depth(values.type) == depth:
        return from_arrow(values, "sequence"), {}
    found, errors = [], {}
    for row, cell in enumerate(values.to_pylist()):
        try:
            found.append(read_sequence(_parsed(cell, is_text(values.type)), item.format))
        except ValueError as error:
            found.append(sequences.blank(item.format))
            errors[row] = f"column `{item.name}` must be a sequence, however: {error}"
    return objects(found), errors


def _depth(type_: pa.DataType) -> int:
    inner = type_.value_type
    return int(inner.list_size) if pa.types.is_fixed_size_list(inner) else -1


def _parsed(cell: Any, text: bool) -> Any:
    """Return a cell of text as the JSON it holds; an empty one is missing."""
    if not text or cell is None:
        return cell
    try:
        return json.loads(cell) if cell.strip() else None
    except json.JSONDecodeError:
        raise ValueError("the text is no JSON list") from None
