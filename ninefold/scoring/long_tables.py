"""Long tables to score: one step a line, one row for each entity, as in training."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from ninefold import sequences
from ninefold.columns import to_arrow
from ninefold.datasets import ColumnSpec
from ninefold.datasets.file import FileSpec
from ninefold.datasets.series.spec import LongSpec
from ninefold.datasets.series.steps import Steps, read_steps
from ninefold.pixels import objects
from ninefold.scoring.sources import Source, TableSource
from ninefold.signature import Input


class LongSource(TableSource):
    """A long table seen as rows: the entity, the model's column of sequences and those of words of
    steps, the time of the last step, the other columns that the model takes with one value for each
    entity. It is read whole.

    Of windows over series each row is the last window: what comes after it is forecast.
    """

    def __init__(
        self, table: Source, items: Sequence[Input], others: Sequence[str], missing: Sequence[str]
    ):
        self._item = next((item for item in items if item.kind == "sequence"), None)
        self._words = [item.name for item in items if item is not self._item]
        self._recipe = sequences.recipe(items[0].format)
        self._missing, self._file = tuple(missing), table
        self.entity: str | None = self._recipe.get("entity")
        self._others = [name for name in others if name in table.names and name != self.entity]
        first = [self.entity] if self.entity else []
        read = [item.name for item in items]
        super().__init__(table.path, [*first, *read, *self._others])

    @cached_property
    def table(self) -> pa.Table:
        return self._read_whole() if self._has_rows() else self._empty()

    def _has_rows(self) -> bool:
        first = self._file.names[:1]
        return any(batch.num_rows for batch, _ in self._file.batches(first, 1))

    def _empty(self) -> pa.Table:
        """Return the columns without a row: nothing to predict is no mistake."""
        columns = {name: pa.array([], self._file.type_of(name)) for name in self._others}
        columns |= {name: pa.array([], pa.string()) for name in self._words}
        if self._item is not None:
            columns[self._item.name] = to_arrow(objects([]), "sequence")
        if self.entity:
            columns[self.entity] = pa.array([], pa.string())
        return pa.table(columns)

    def _read_whole(self) -> pa.Table:
        time = self._recipe.get("time")
        names = [] if self._item is None else sequences.channels(self._item.format)
        formats = self._recipe.get("formats", {})
        known = {name: ColumnSpec(kind="number", format=formats.get(name)) for name in names}
        known |= {name: ColumnSpec(kind="category") for name in self._words}
        if time is not None and time in formats:
            known[time] = ColumnSpec(kind="datetime", format=formats[time])
        wanted = {*names, *self._words, time, self.entity, *self._others}
        spec = LongSpec(
            kind="file",
            path=str(self.path.resolve()),
            channels=tuple(names),
            columns=known,
            drop=tuple(name for name in self._file.names if name not in wanted),
            missing=self._missing,
            encoding=self._file.encoding,
        )
        steps = read_steps(FileSpec.open(spec, Path()), spec, self.entity, time)
        columns = {name: pa.array(steps.words(name), pa.string()) for name in self._words}
        if self._item is not None:
            columns[self._item.name] = to_arrow(self._cells(steps, names), "sequence")
        if self.entity:
            columns[self.entity] = steps.names
        ends = pa.array(np.cumsum(steps.counts) - 1)
        columns |= {
            name: steps.table[name].combine_chunks().take(ends)
            if name == time
            else steps.settled(name)[0]
            for name in self._others
        }
        return pa.table(columns)

    def _cells(
        self, steps: Steps, names: Sequence[str]
    ) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
        cells = sequences.split(steps.numbers(names), steps.counts)
        if "last" not in self._recipe:
            return cells
        assert steps.time is not None
        moments = np.split(steps.time, np.cumsum(steps.counts)[:-1])
        pairs = zip(cells, moments, strict=True)
        return objects(sequences.with_gaps(*pair)[0][-self._recipe["last"] :] for pair in pairs)


def with_sequences(source: Source, inputs: Sequence[Input], missing: Sequence[str]) -> Source:
    """Return the source, or what a long table holds as rows, if the model takes a column of
    sequences that the file does not have, and the file has its channels; or, of words of steps
    alone, if the file has the column that names the entity of a step.
    """
    series = [item for item in inputs if item.kind == "sequence"]
    words = [item for item in inputs if sequences.holds_words(item.format)]
    if len(series) > 1 or not (series or words) or any(i.name in source.names for i in series):
        return source
    wanted = [*series, *words]
    recipe = sequences.recipe(wanted[0].format)
    steps: list[str | None]
    steps = [name for item in series for name in sequences.channels(item.format)]
    steps += [*(item.name for item in words), recipe.get("entity"), recipe.get("time")]
    if not all(name in source.names for name in steps if name):
        return source
    others = [item.name for item in inputs if item not in wanted]
    return LongSource(source, wanted, others, missing)
