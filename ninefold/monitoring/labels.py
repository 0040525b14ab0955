"""Labels that arrive later, joined to the rows they belong to."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ninefold.columns import Array, Column, class_names, to_array
from ninefold.datasets.tables.parsing import parse, unreadable
from ninefold.errors import InputError, nearest
from ninefold.head import Head
from ninefold.scoring.sources import Source, open_source
from ninefold.target import Target

ROWS = 65_536
WHOLE = re.compile(r"-?[0-9]+\.0+")


@dataclass(frozen=True)
class Labelled:
    """Labels of the rows at `rows` `(M,)` as class codes or values `(M,)`, `(M, T)` of several
    targets; how many rows have none, how many labels no train row had or cannot be read, and how
    many of the file belong to none of the rows. `rule` says what the unknown ones are not.
    """

    rows: Array
    y: Array
    without: int
    unknown: int
    apart: int = 0
    rule: str = "class of the model"

    @property
    def remarks(self) -> list[str]:
        """Return what people should know of labels that do not count."""
        said = []
        if self.unknown:
            said.append(f"labels that are no {self.rule}: {self.unknown:,}")
        if self.apart and not len(self.rows):
            said.append(f"none of {self.apart:,} labels belongs to a row here: the ids differ")
        return said


def labels_of(
    path: Path, head: Head, tokens: Sequence[str], key: str | None, ids: Sequence[Any] | int
) -> Labelled:
    """Read the labels in `path`, a column named as each target.

    Args:
        head: says which column and which classes.
        tokens: texts that mean "missing".
        key: column that names a row here and where it was scored; None: rows stand in order.
        ids: the scored rows' keys as text, or how many rows there are.

    Raises:
        InputError: no such column, a key with two labels, or another number of rows.
    """
    wanted = [*head.target.names, *([key] if key is not None else [])]
    source = open_source(path, wanted)
    for column in wanted:
        if column not in source.names:
            raise InputError(
                f"labels {path} must have a column `{column}`, however: it is missing"
                f"{nearest(column, source.names)}"
            )
    labels, keys = _read(source, wanted, key)
    count = ids if isinstance(ids, int) else len(ids)
    if key is None:
        if len(labels[0]) != count:
            raise InputError(
                f"labels {path} must have a row for each scored row, however: {len(labels[0])} "
                f"for {count}. Join them by a column with --id"
            )
        place = np.arange(count)
    else:
        assert not isinstance(ids, int)
        place = _joined(path, key, keys, labels, tokens, ids)
    found = coded([[column] for column in labels], place, head, tokens)
    return replace(found, apart=len(labels[0]) - len(np.unique(place[place >= 0])))


def _read(
    source: Source, columns: Sequence[str], key: str | None
) -> tuple[list[pa.Array], list[str]]:
    """Return the labels of each target, and the keys."""
    found: list[list[pa.Array]] = [[] for _ in columns]
    for batch, _ in source.batches(columns, ROWS):
        for place, array in enumerate(batch.columns):
            found[place].append(array)
    whole = [
        pa.chunked_array(parts).combine_chunks() if parts else pa.array([], pa.string())
        for parts in found
    ]
    return (whole, []) if key is None else (whole[:-1], as_keys(whole[-1]))


def as_text(values: pa.Array) -> list[str]:
    """Return cells as text, "" for none: 7 in one file is "7" in another."""
    return ["" if value is None else str(value).strip() for value in values.to_pylist()]


def as_keys(values: pa.Array) -> list[str]:
    """Return what names rows as text: 7.0, as whole numbers with a gap among them are written by
    some, is "7" too.
    """
    return [text.partition(".")[0] if WHOLE.fullmatch(text) else text for text in as_text(values)]


def _joined(
    path: Path,
    key: str,
    keys: Sequence[str],
    labels: Sequence[pa.Array],
    tokens: Sequence[str],
    ids: Sequence[str],
) -> Array:
    """Return for each scored row the position of its label, -1 for none.

    A row may stand there again with the same label, or with one that was missing before.
    """
    cells, missing = list(zip(*map(as_text, labels), strict=True)), {"", *tokens}
    places: dict[str, int] = {}
    for position, text in enumerate(keys):
        if not text:
            continue
        first = places.setdefault(text, position)
        if cells[first] == cells[position] or missing.issuperset(cells[position]):
            continue
        if not missing.issuperset(cells[first]):
            raise InputError(
                f"labels {path} must say one thing of a row, however: `{key}` {text[:60]!r} stands "
                "there twice, with labels that differ"
            )
        places[text] = position
    return np.array([places.get(text, -1) for text in ids], dtype=np.int64)


def coded(
    labels: Sequence[Sequence[pa.Array]], place: Array, head: Head, tokens: Sequence[str]
) -> Labelled:
    """Return the labels at `place` as the metrics take them; -1 in `place` is no label.

    `labels` holds those of each target, in parts; a row counts if it has all of them.
    """
    found, unknown = [], 0
    has = place >= 0
    for one, parts in zip(head.target.each or (head.target,), labels, strict=True):
        read = [_coded(part, one, tokens) for part in parts]
        values = np.concatenate([part for part, _ in read])
        unknown += sum(amount for _, amount in read)
        known = values >= 0 if one.classes else np.isfinite(values)
        has[has] = known[place[has]]
        found.append(values)
    rows = np.flatnonzero(has)
    y = np.stack([values[place[rows]] for values in found], axis=1)
    rule = "number" if head.target.task == "regression" else Labelled.rule
    y = y if head.target.each else y[:, 0]
    return Labelled(rows, y, int((~has).sum()), unknown, rule=rule)


def _coded(labels: pa.Array, target: Target, tokens: Sequence[str]) -> tuple[Array, int]:
    """Return values, NaN for none, or class codes, -1 for none; and how many cannot be read, or
    are no class.
    """
    if target.task == "regression":
        parsed = parse(labels, Column(target.name, "number", format=target.format), tokens)
        unknown = int(unreadable(labels, parsed, tokens).sum())
        return to_array(parsed, "number").astype(np.float64), unknown
    return _codes(labels, target.classes, {"", *tokens})


def _codes(labels: pa.Array, classes: Sequence[str], missing: set[str]) -> tuple[Array, int]:
    """Return class codes `(N,)`, -1 for none, and how many labels are no class of the model."""
    known: dict[Any, int] = {}
    codes = np.empty(len(labels), dtype=np.int64)
    unknown = 0
    for row, value in enumerate(labels.to_pylist()):
        if value not in known:
            known[value] = next((classes.index(s) for s in _spellings(value) if s in classes), -1)
        codes[row] = known[value]
        unknown += codes[row] < 0 and value is not None and str(value).strip() not in missing
    return codes, int(unknown)


def _spellings(value: Any) -> list[str]:
    """Return how a class may be written: 1, 1.0 and "1" are one, so are True and "true"."""
    text = str(value).strip()
    found = [text, text.lower()]
    with contextlib.suppress(ValueError):
        found += class_names("number", np.array([float(text)])).tolist()
    return found
