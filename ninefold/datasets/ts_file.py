"""Files of the time series archives (UCR, UEA): `.ts`, one series a line, its class at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ninefold import sequences
from ninefold.columns import Array
from ninefold.config import ColumnName
from ninefold.datasets import DatasetSpec
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    from ninefold.datasets.tables.source import Source

LABELS = ("@classlabel", "@targetlabel")


class TsFileSpec(DatasetSpec):
    """Files `.ts` as timeseriesclassification.com gives them: channels apart by colons, steps by
    commas, `?` for a missing value, lengths that may differ, after them the class (or a value).
    """

    kind: Literal["ts_file"] = "ts_file"
    paths: tuple[str, ...] = Field(min_length=1)
    """The files, relative to the workspace, one after the other (such as those for training and
    testing: Ninefold splits by itself)."""
    column: ColumnName = Field("sequence", min_length=1)
    """What the column of sequences is called."""
    label: ColumnName = Field("label", min_length=1)
    """What the column of classes or values is called."""
    channels: tuple[str, ...] = ()
    """Names of the channels, in order; default: channel 1, channel 2 …"""

    def open(self, workspace: Path) -> "Source":
        rows = [row for path in self.paths for row in _rows(workspace / path, path)]
        return _source(rows, self)


def _source(rows: list[tuple[Array, str | None]], spec: TsFileSpec) -> "Source":
    import pyarrow as pa

    from ninefold.columns import Column, to_arrow
    from ninefold.datasets.tables.source import Source
    from ninefold.pixels import objects

    title = ", ".join(spec.paths)
    depths = {cell.shape[1] for cell, _ in rows}
    if len(depths) != 1:
        raise InputError(
            f"{title} must hold series with equally many channels, however: {sorted(depths)}"
        )
    (depth,) = depths
    names = spec.channels or tuple(f"channel {number + 1}" for number in range(depth))
    if len(names) != depth:
        raise InputError(
            f"params.yaml: ingest.channels must name the {depth} channels of {title}, however: "
            f"{len(names)} names"
        )
    columns = {spec.column: to_arrow(objects(cell for cell, _ in rows), "sequence")}
    if any(label is not None for _, label in rows):
        columns[spec.label] = pa.array([label for _, label in rows], pa.string())
    known = {spec.column: Column(spec.column, "sequence", format=sequences.format_of(names))}
    return Source.of_table(title, pa.table(columns), known)


def _rows(path: Path, shown: str) -> Iterator[tuple[Array, str | None]]:
    """Yield each series `(T, C)` of a file with its class. Raises `InputError`."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        beside = sorted(item.name for item in path.parent.glob("*.ts"))
        reason = error.strerror or "it cannot be read"
        raise InputError(f"{shown}: {reason}{nearest(path.name, beside)}") from None
    is_data = has_label = False
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if not is_data:
            key, _, rest = line.lower().partition(" ")
            is_data = key == "@data"
            has_label |= key in LABELS and rest.startswith("true")
            if key == "@timestamps" and rest.startswith("true"):
                raise InputError(
                    f"{shown} must hold values alone, however: it has `@timeStamps true`. Give it "
                    "as a long table, `ingest: {kind: long_table}`"
                )
            continue
        parts = line.split(":")
        yield (
            _series(parts[:-1] if has_label else parts, f"{shown}: line {number}"),
            parts[-1].strip() if has_label else None,
        )
    if not is_data:
        raise InputError(f"{shown} must have a line `@data`, however: it has none")


def _series(channels: list[str], place: str) -> Array:
    """Return one series `(T, C)`; shorter channels are filled up with missing values."""
    try:
        values = [
            np.array([np.nan if v.strip() == "?" else float(v) for v in part.split(",") if v])
            for part in channels
        ]
    except ValueError as error:
        raise InputError(f"{place} must hold numbers, however: {error}") from None
    if not values:
        raise InputError(f"{place} must hold a series before its class, however: it has none")
    steps = max(map(len, values))
    found = np.full((steps, len(values)), np.nan)
    for channel, part in enumerate(values):
        found[: len(part), channel] = part
    return sequences.trimmed(found)
