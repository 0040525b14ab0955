"""A long table: one step a line, one row for each entity."""

import logging
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from ninefold.config import ColumnName
from ninefold.datasets.series.spec import LongSpec
from ninefold.errors import InputError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from ninefold.columns import Column
    from ninefold.datasets.series.steps import Steps
    from ninefold.datasets.tables.source import Source

log = logging.getLogger("ninefold")


class LongTableSpec(LongSpec):
    """A CSV, TSV or Parquet file with an entity and a time column: the steps of an entity become
    one sequence. Gives the entity (an identifier), the sequence, the time of its last step, and the
    columns that have one value for each entity. Words of steps become a column of texts, one word a
    line.

    Channels are by default the number columns that vary within an entity.
    """

    kind: Literal["long_table"] = "long_table"  # type: ignore[assignment]
    entity: ColumnName = Field(min_length=1)
    """Column that names the entity (patient, machine, recording) a step belongs to."""
    time: ColumnName | None = None
    """Column that orders the steps of an entity; default: the order of the file."""
    tags: ColumnName | None = None
    """Column whose label at each step is the target of the task tagging: in the rows a JSON list
    with a label (or null) for each step."""

    words: tuple[ColumnName, ...] | None = None
    """Columns of words or categories, one a step, that models read step by step as they do
    channels; default: with `tags` those that vary within an entity, else none."""

    def as_read(self, columns: "Iterable[Column]") -> "LongTableSpec":
        """Return how to read the steps of another file into the same columns: by name."""
        from ninefold import sequences

        formats = [column.format for column in columns]
        channels = [sequences.channels(told) for told in formats if sequences.holds_steps(told)]
        words = [sequences.recipe(told)["words"] for told in formats if sequences.holds_words(told)]
        fields = {name: getattr(self, name) for name in LongTableSpec.model_fields}
        named = {"kind": "long_table", "channels": sum(channels, ()), "words": tuple(words)}
        return LongTableSpec(**{**fields, **named})

    def rows(self, steps: "Source") -> "Source":
        """Return one row for each entity of a table of steps."""
        from ninefold.datasets.series.steps import read_steps

        return _rows(read_steps(steps, self, self.entity, self.time), self)


def _rows(steps: "Steps", spec: LongTableSpec) -> "Source":
    """Return one row for each entity."""
    from ninefold.datasets.tables.source import Source

    known_apart: tuple[str | None, ...] = (spec.entity, spec.time, spec.tags, *spec.wanted)
    others = [n for n in steps.columns if n not in known_apart]
    found = {name: steps.settled(name) for name in others}
    varying = {name: number for name, (_, number) in found.items() if number >= 0}
    numbers = [n for n in varying if steps.columns[n].kind in ("number", "bool")]
    channels, words = list(spec.wanted or numbers), _words(steps, spec, varying)
    if not channels and not words:
        raise InputError(
            f"{steps.title}: some number column must vary within an entity, however: none does. "
            "Name the columns of the sequences in ingest.channels, or in ingest.words"
        )
    rows = _Rows(steps, spec)
    rows.add_steps(channels, words)
    rows.add_time_and_tags()
    for name in others:
        if name not in {*varying, *channels, *words}:
            rows.columns[name], rows.known[name] = found[name][0], steps.columns[name]
    left = [name for name in varying if name not in {*channels, *words}]
    if left:
        log.warning("%s: left out, they vary within an entity and are no numbers: %s",
                    steps.title, ", ".join(left))  # fmt: skip
    notes = {"series": {**steps.notes, "channels": [*channels, *words], "left_out": left}}
    absent = _absent(steps, spec, varying, channels, words, rows.columns)
    title = f"{steps.title} ({len(steps.counts)} entities)"
    source = Source.of_table(title, rows.table(), rows.known, notes)
    return source.with_id(spec.entity).without(absent)


class _Rows:
    """The columns of a table with one row for each entity, and what is known of them."""

    def __init__(self, steps: "Steps", spec: LongTableSpec) -> None:
        assert steps.names is not None
        self.steps, self.spec = steps, spec
        self.columns: dict[str, pa.Array] = {spec.entity: steps.names}
        self.known = {spec.entity: steps.columns[spec.entity]}

    def add_steps(self, channels: list[str], words: list[str]) -> None:
        """Put in the sequence of the channels, and a column of texts for each column of words."""
        import pyarrow as pa

        from ninefold import sequences
        from ninefold.columns import Column, to_arrow

        steps, spec = self.steps, self.spec
        table = {"entity": spec.entity, "time": spec.time}
        if channels:
            cells = sequences.split(steps.numbers(channels), steps.counts)
            self.columns[spec.column] = to_arrow(cells, "sequence")
            formats = steps.formats([*channels, spec.time or ""])
            told = sequences.format_of(channels, **table, formats=formats)
            self.known[spec.column] = Column(spec.column, "sequence", format=told)
        for name in words:
            self.columns[name] = pa.array(steps.words(name), pa.string())
            told = sequences.words_format(name, **table, formats=steps.formats([spec.time or ""]))
            self.known[name] = Column(name, "text", format=told)

    def add_time_and_tags(self) -> None:
        """Put in the time of each entity's last step, and the labels of its steps."""
        import pyarrow as pa

        steps, time, tags = self.steps, self.spec.time, self.spec.tags
        if time is not None and steps.columns[time].kind == "datetime":
            ends = np.cumsum(steps.counts) - 1
            self.columns[time] = steps.table[time].combine_chunks().take(pa.array(ends))
            self.known[time] = steps.columns[time]
        if tags is not None:
            self.columns[tags], self.known[tags] = _tags(steps, tags)

    def table(self) -> "pa.Table":
        import pyarrow as pa

        return pa.table(self.columns)


def _absent(
    steps: "Steps",
    spec: LongTableSpec,
    varying: "Mapping[str, int]",
    channels: list[str],
    words: list[str],
    kept: "Mapping[str, object]",
) -> dict[str, str]:
    """Return the columns of the file that the rows do not have, with what to say of each."""
    assert steps.names is not None
    absent = {
        name: f"`{name}` of {steps.title} must have one value for each entity, however: "
        f"{steps.names[number].as_py()!r} has several"
        for name, number in varying.items()
        if name not in words
    }
    gone = {*channels, *spec.drop, spec.time or ""} - absent.keys() - kept.keys()
    return absent | dict.fromkeys(gone, "")


def _words(steps: "Steps", spec: LongTableSpec, varying: "Mapping[str, int]") -> list[str]:
    """Return the columns of words. Raises `InputError` for one that is not there, or is none."""
    if spec.words is None:
        kinds = {name: steps.columns[name].kind for name in varying}
        texts = [name for name, kind in kinds.items() if kind in ("category", "text")]
        texts = texts if spec.tags is not None else []
        return [name for name in texts if name not in spec.drop]
    for name in spec.words:
        if name not in steps.columns:
            raise InputError(
                f"params.yaml: ingest.words: {steps.title} has no column `{name}`"
                f"{nearest(name, list(steps.columns))}"
            )
        if steps.columns[name].kind not in ("category", "text") or name == spec.tags:
            raise InputError(
                f"params.yaml: ingest.words must name columns of words, however: `{name}` is "
                f"{'the tags' if name == spec.tags else steps.columns[name].kind}"
            )
    return [name for name in spec.words if name not in spec.drop]


def _tags(steps: "Steps", name: str) -> "tuple[pa.Array, Column]":
    """Return the labels of each entity's steps as JSON lists, null where a step has none."""
    import json

    import pyarrow as pa

    from ninefold.columns import Column, class_names, is_missing, to_array

    if name not in steps.columns:
        raise InputError(
            f"params.yaml: ingest.tags: {steps.title} has no column `{name}`"
            f"{nearest(name, list(steps.columns))}"
        )
    kind = steps.columns[name].kind
    cells = to_array(steps.table[name].combine_chunks(), kind)
    missing = is_missing(kind, cells)
    labels = class_names(kind, cells)
    labels[missing] = None
    ends = np.cumsum(steps.counts)
    lists = (
        labels[end - size : end].tolist() for end, size in zip(ends, steps.counts, strict=True)
    )
    texts = [json.dumps(own, ensure_ascii=False) for own in lists]
    return pa.array(texts, pa.string()), Column(name, "text")
