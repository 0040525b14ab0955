"""The column of a table that says to which part a row belongs, where people split already."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ninefold.columns import Column
from ninefold.errors import ConfigError, nearest
from ninefold.problem import part_of

if TYPE_CHECKING:
    import pyarrow as pa


def named(args: argparse.Namespace, names: Sequence[str]) -> str | None:
    """Return the column that `--split` names, if it names no file; then it is a file no longer.

    Raises:
        ConfigError: neither a file nor a column.
    """
    if args.split is None or args.split.exists():
        return None
    column, args.split = str(args.split), None
    if column not in names:
        raise ConfigError(
            f"--split must name a file or a column, however: {column} is missing"
            f"{nearest(column, names)}"
        )
    return column


def found(table: "pa.Table", columns: Sequence[Column], taken: Sequence[str]) -> str | None:
    """Return the only column, beside those `taken`, whose cells all say train, valid or test, and
    both the first and the last of these.
    """
    several = []
    for column in columns:
        if column.kind != "category" or column.name in taken:
            continue
        cells = table[column.name].unique().to_pylist()
        parts = {part_of(cell) for cell in cells}
        if {"train", "test"} <= parts and None not in parts:
            several.append(column.name)
    return several[0] if len(several) == 1 else None
