"""One run of a model over one source: reads, encodes and runs at the same time, in order."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from ninefold.columns import TENSORS
from ninefold.errors import InputError, nearest
from ninefold.scoring.chunks import Chunk, Chunker, Observer, Order
from ninefold.scoring.pictures import ROWS as PICTURE_ROWS
from ninefold.scoring.places import Place, Threads
from ninefold.scoring.sources import Source
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Model
from ninefold.serving.rows import Rows

READ_ROWS, READ_CELLS = 16_384, 2**20
"""Rows, and cells of wide tables, read and encoded at once: each step has a fixed price."""
AHEAD = 2
"""Chunks encoded or run in advance, beside one per core."""
Waiting = deque[tuple[Callable[[], Chunk], float]]


class Scorer:
    """One run over one source."""

    def __init__(
        self,
        model: Model,
        rows: Rows,
        source: Source,
        spec: ScoreSpec,
        observe: Observer | None = None,
    ) -> None:
        self.rows, self.source, self.spec = rows, source, spec
        self.keep = list(dict.fromkeys(source.names)) if spec.with_input else list(spec.keep)
        self._check_columns()
        kept = tuple((name, source.type_of(name)) for name in self.keep)
        self.chunker = Chunker(model, rows, Order(source.path, spec, kept), observe)
        self._check_names()
        self.columns = list(dict.fromkeys([*rows.cells, *self.keep]))

    @property
    def schema(self) -> pa.Schema:
        """Return the columns of the output: those kept, then the predictions."""
        return self.chunker.schema

    def chunks(self, skip: int = 0, place: Place | None = None) -> Iterator[Chunk]:
        """Yield the scored rows in order, without the first `skip`; some are under way at a time,
        at `place` (default: threads of this process).

        Raises:
            InputError: a source that cannot be read, a bad cell, or rows the model refuses.
        """
        with Threads() if place is None else contextlib.nullcontext(place) as at:
            for chunk, share in self._submitted(at, skip):
                yield chunk()._replace(share=share)

    def _submitted(self, place: Place, skip: int) -> Iterator[tuple[Callable[[], Chunk], float]]:
        """Yield what waits for the chunks in order, a bounded number of them under way."""
        waiting: Waiting = deque()
        most, first = place.slots + AHEAD, 0
        for batch, share in self.source.batches(self.columns, self._read_rows()):
            start, first = first, first + batch.num_rows
            if first <= skip:
                continue
            late = max(0, skip - start)
            chunk = place.submit(self.chunker, start + late, batch.slice(late))
            waiting.append((chunk, share))
            if len(waiting) >= most:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()

    def _read_rows(self) -> int:
        """Return how many rows are read at once: a multiple of those that run at once."""
        if any(item.kind in TENSORS for item in self.chunker.encoder.inputs):
            return min(self.spec.rows_per_chunk, PICTURE_ROWS)
        most = min(READ_ROWS, READ_CELLS // max(1, len(self.columns)))
        return self.spec.rows_per_chunk * max(1, most // self.spec.rows_per_chunk)

    def _check_columns(self) -> None:
        path, names = self.source.path, self.source.names
        for wanted, reason in ((list(self.rows.cells), "the model takes"), (self.keep, "--keep")):
            missing = [name for name in wanted if name not in names]
            if missing:
                raise InputError(
                    f"{path}: columns {reason} are missing: {_listed(_near(missing, names))}"
                )

    def _check_names(self) -> None:
        taken = set(self.keep) & set(self.chunker.names)
        if taken:
            raise InputError(
                f"{self.source.path}: column `{min(taken)}` bears the name of a prediction. Set "
                "the predictions apart with --prefix"
            )


def _near(missing: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return columns that are missing, each with one that is nearly called so; else all there are.

    >>> _near(["a1", "zz"], ["a", "b"])
    ['`a1` (did you mean `a`?)', '`zz`']
    """
    if len(missing) == 1:
        return [f"`{missing[0]}`{nearest(missing[0], names)}"]
    near = [nearest(name, names) for name in missing]
    return [
        f"`{name}`" + (said if "did you mean" in said else "")
        for name, said in zip(missing, near, strict=True)
    ]


def _listed(items: Sequence[str], most: int = 10) -> str:
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + rest
