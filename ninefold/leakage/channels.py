"""Findings on numbers that tell of pictures and sequences, in the words of these data."""

from collections.abc import Iterable
from dataclasses import replace

from ninefold.columns import Column
from ninefold.leakage.case import AVAILABLE_AT, Finding
from ninefold.sequences import recipe
from ninefold.tensor_cells import TENSOR_KINDS


def told_of(item: Finding, columns: Iterable[Column]) -> Finding:
    """Return the finding with the channel of a long table named in the place of its mean or
    spread, and without a change of params that no column of the data would take.

    Args:
        columns: as the features hold them, tensors among them.
    """
    for column in columns:
        if column.is_tensor:
            for what in TENSOR_KINDS[column.kind].summary_names(column.format):
                item = _of_one(item, column, what)
    return replace(item, columns=tuple(dict.fromkeys(item.columns)))


def _of_one(item: Finding, column: Column, what: str) -> Finding:
    """Return the finding without the name of one number that tells of the column."""
    name = f"{column.name} {what}"
    if name not in item.columns:
        return item
    channel, _, statistic = what.rpartition(" ")
    late = (*AVAILABLE_AT, name) in [path for path, _ in item.fix]
    if column.kind != "sequence" or not channel or "entity" not in recipe(column.format):
        said = f"look at what `{column.name}` holds: how these were recorded must not tell them"
        return replace(item, fix=(), remedy=said) if late else item
    drop = f"ingest: {{drop: [{channel}]}}, if it is known only afterwards"
    return replace(
        item,
        columns=tuple(channel if one == name else one for one in item.columns),
        message=item.message.replace(f"`{name}`", f"the {statistic} of `{channel}`"),
        fix=((("ingest", "drop"), [channel]),) if late else item.fix,
        remedy=drop if late else item.remedy,
    )
