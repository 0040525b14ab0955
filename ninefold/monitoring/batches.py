"""Rows to look at, chunk by chunk: tables that the model scores, or what a server recorded."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ninefold.columns import Array
from ninefold.errors import InputError, nearest
from ninefold.monitoring.counting import Counter
from ninefold.monitoring.labels import as_keys
from ninefold.scoring.inputs import Item
from ninefold.scoring.marks import Marker, merged
from ninefold.scoring.score import opened
from ninefold.scoring.scorer import Scorer
from ninefold.scoring.spec import ScoreSpec
from ninefold.serving.model import Model
from ninefold.serving.rows import Rows

RECORDED = ".jsonl"
LINES = 4096


@dataclass(frozen=True)
class Wanted:
    """What is kept of each row to join labels: its prediction, its key, its own labels."""

    predictions: bool = False
    key: str | None = None
    labels: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*(() if self.key is None else (self.key,)), *self.labels)


@dataclass
class Seen:
    """What was seen: counts, flagged cells, rows without a prediction, recorded rows left aside as
    another version answered them; and, if they are wanted, keys, labels and predictions.
    """

    counts: dict[str, Any] = field(default_factory=dict)
    flagged: dict[str, dict[str, int]] = field(default_factory=dict)
    failed: int = 0
    aside: int = 0
    ids: list[str] = field(default_factory=list)
    labels: dict[str, list[pa.Array]] = field(default_factory=dict)
    predictions: list[Array] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return int(self.counts.get("rows", 0))

    def with_rows_of(self, other: "Seen") -> "Seen":
        """Return the same with the rows that were seen apart, of which both hold the labels."""
        counts = {"rows": self.rows + other.rows}
        return replace(self, counts=counts, failed=self.failed + other.failed)


def look(
    model: Model,
    rows: Rows,
    item: Item,
    counter: Counter,
    seen: Seen,
    wanted: Wanted,
) -> None:
    """Add a source to what was seen."""
    if item.path.suffix == RECORDED:
        _recorded(model, rows, item, counter, seen, wanted)
        return
    source, _ = opened(item.path, rows, ScoreSpec())
    missing = [name for name in wanted.columns if name not in source.names]
    if missing:
        raise InputError(
            f"{item.path} must have a column `{missing[0]}`, however: it is missing"
            f"{nearest(missing[0], source.names)}"
        )

    def observe(feeds: Any, outputs: Any) -> Any:
        return counter.count(feeds, outputs), list(outputs.values())[-1]

    spec = ScoreSpec(keep=wanted.columns, with_flags=True, on_error="null", prefix="predicted ")
    for chunk in Scorer(model, rows, source, spec, observe).chunks():
        counts, prediction = chunk.observed
        seen.counts = counter.add(seen.counts, counts)
        seen.flagged = merged(seen.flagged, chunk.flagged)
        seen.failed += chunk.failed
        if wanted.predictions:
            kept = chunk.batch.filter(chunk.batch.column("predicted error").is_null())
            _remember(seen, wanted, {n: kept.column(n) for n in wanted.columns}, prediction)


def _remember(
    seen: Seen, wanted: Wanted, columns: Mapping[str, pa.Array], prediction: Array
) -> None:
    seen.predictions.append(prediction)
    if wanted.key is not None:
        seen.ids += as_keys(columns[wanted.key])
    for name in wanted.labels:
        seen.labels.setdefault(name, []).append(columns[name])


def _recorded(
    model: Model,
    rows: Rows,
    item: Item,
    counter: Counter,
    seen: Seen,
    wanted: Wanted,
) -> None:
    """Add what a server recorded; the predictions are those it gave."""
    marker = Marker([cells.column for cells in rows.cells.values()], model.words)
    masked = _masked(item.path)
    for lines in _chunks(item.path):
        mine = [line for line in lines if line["version"] == model.version]
        seen.aside += len(lines) - len(mine)
        batch = rows.read([line["row"] for line in mine])
        if not batch.good:
            continue
        good = [mine[position] for position in batch.good]
        outputs = {
            output.name: np.array([line["outputs"][output.name] for line in good], output.dtype)
            for output in model.outputs
            if output.name in good[0]["outputs"]
        }
        seen.counts = counter.add(seen.counts, counter.count(batch.feeds, outputs))
        _, flagged = marker.mark(batch.feeds, np.zeros(len(good), dtype=bool))
        left = {kind: _without(found, masked) for kind, found in flagged.items()}
        seen.flagged = merged(seen.flagged, left)
        seen.failed += len(mine) - len(good)
        if wanted.predictions:
            told = {n: pa.array([_text(x["row"].get(n)) for x in good]) for n in wanted.columns}
            _remember(seen, wanted, told, list(outputs.values())[-1])


def _without(found: dict[str, int], names: frozenset[str]) -> dict[str, int]:
    return {name: count for name, count in found.items() if name not in names}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _chunks(path: Path) -> Iterator[list[dict[str, Any]]]:
    """Yield the recorded rows; a line that a killed server left half-written is passed over.

    Raises:
        InputError: a line that no server wrote.
    """
    waiting = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, text in enumerate(file, 1):
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if not isinstance(line, dict) or "version" not in line:
                raise InputError(
                    f"{path}: line {number} must be what `ninefold serve --record` wrote, however: "
                    "it names no version of a model. Give rows as CSV or Parquet"
                )
            if "row" in line:
                waiting.append(line)
            if len(waiting) == LINES:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _masked(path: Path) -> frozenset[str]:
    """Return the columns that a recorded file leaves out."""
    with path.open(encoding="utf-8", errors="replace") as file:
        try:
            return frozenset(json.loads(file.readline()).get("masked", ()))
        except (ValueError, AttributeError):
            return frozenset()


def masked_of(items: Sequence[Item]) -> frozenset[str]:
    """Return the columns that some of the sources leave out."""
    found = [_masked(item.path) for item in items if item.path.suffix == RECORDED]
    return frozenset[str]().union(*found)
