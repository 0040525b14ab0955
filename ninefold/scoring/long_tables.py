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
    """A long table seen as rows: the entity, the model's column of sequences, the time of its last
    step, the other columns that the model takes with one value for each entity. It is read whole.

    Of windows over series each row is the last window: what comes after it is forecast.
    """

    def __init__(self, table: Source, item: Input, others: Sequence[str], missing: Sequence[str]):
        self._item, self._recipe = item, sequences.recipe(item.format)
        self._missing, self._file = tuple(missing), table
        self.entity: str | None = self._recipe.get("entity")
        self._others = [name for name in others if name in table.names and name != self.entity]
        first = [self.entity] if self.entity else []
        super().__init__(table.path, [*first, item.name, *self._others])

    @cached_property
    def table(self) -> pa.Table:
        return self._read_whole() if self._has_rows() else self._empty()

    def _has_rows(self) -> bool:
        first = self._file.names[:1]
        return any(batch.num_rows for batch, _ in self._file.batches(first, 1))

    def _empty(self) -> pa.Table:
        """Return the columns without a row: nothing to predict is no mistake."""
        columns = {name: pa.array([], self._file.type_of(name)) for name in self._others}
        columns[self._item.name] = to_arrow(objects([]), "sequence")
        if self.entity:
            columns[self.entity] = pa.array([], pa.string())
        return pa.table(columns)

    def _read_whole(self) -> pa.Table:
        time, names = self._recipe.get("time"), self._recipe["channels"]
        formats = self._recipe.get("formats", {})
        known = {name: ColumnSpec(kind="number", format=formats.get(name)) for name in names}
        if time in formats:
            known[time] = ColumnSpec(kind="datetime", format=formats[time])
        wanted = {*names, time, self.entity, *self._others}
        spec = LongSpec(
            kind="file",
            path=str(self.path.resolve()),
            channels=tuple(names),
            columns=known,
            drop=tuple(name for name in self._file.names if name not in wanted),
            missing=self._missing,
        )
        steps = read_steps(FileSpec.open(spec, Path()), spec, self.entity, time)
        columns = {self._item.name: to_arrow(self._cells(steps, names), "sequence")}
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
    sequences that the file does not have, and the file has its channels.
    """
    wanted = [item for item in inputs if item.kind == "sequence"]
    if len(wanted) != 1 or wanted[0].name in source.names:
        return source
    recipe = sequences.recipe(wanted[0].format)
    steps = [*recipe["channels"], recipe.get("entity"), recipe.get("time")]
    if not all(name in source.names for name in steps if name):
        return source
    return LongSource(source, wanted[0], [i.name for i in inputs if i is not wanted[0]], missing)
