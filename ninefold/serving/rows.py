"""Rows of named values in, one answer per row out: `{"rows": [{column: value}]}`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ninefold.dates import DOUBTFUL, LATEST, plain_micros
from ninefold.errors import InputError, nearest
from ninefold.pixels import to_cell
from ninefold.serving.blocks import Block, Blocks
from ninefold.serving.cells import ABSENT, Cells, shown
from ninefold.serving.flags import Flagger
from ninefold.serving.model import Array, Form, Model
from ninefold.serving.tags import labels_of, numbers_of
from ninefold.signature import NAT, Result
from ninefold.texts import composed

PLAIN: Mapping[str, tuple[frozenset[type], Any]] = {
    "number": (frozenset({float, int, type(None)}), np.float64),
    "bool": (frozenset({bool}), np.bool_),
    "text": (frozenset({str}), object),
    "datetime": (frozenset({int, str}), np.int64),
}
"""Kinds of which a lone row's columns are read at once -> their JSON types, their element type."""
HINTS = 8
"""Wrong rows of a request that are told the name they may have meant: it takes time to find."""


@dataclass(slots=True)
class Batch:
    """Rows as the model takes them.

    `feeds` hold the rows at the positions `good`, `(len(good), 1)` each; `errors` say what is
    wrong with the others; `absent` names the columns a good row does not have.
    """

    feeds: Mapping[str, Array]
    good: Sequence[int]
    errors: Mapping[int, str]
    absent: Mapping[int, list[str]]
    count: int


class Rows:
    """Reads the rows a model's signature describes and words the model's outputs."""

    def __init__(self, model: Form) -> None:
        """Raises `InputError` when the model has no signature or one that does not fit it."""
        if model.signature is None:
            raise InputError(
                f"model `{model.name}` must hold a signature to take rows, however: it has none"
            )
        self.signature, self.outputs = model.signature, [item.name for item in model.outputs]
        columns = {item.name: item for item in model.signature.inputs}
        unknown = [item.name for item in model.inputs if item.name not in columns]
        self.told = model.signature.told
        if unknown or len(self.outputs) != len(self.told):
            raise InputError(
                f"model `{model.name}` must fit its signature, however: inputs {unknown} are not "
                f"in it, outputs are {self.outputs}. Export it again (`ninefold run`)"
            )
        tokens = model.signature.missing_tokens
        self.cells = {item.name: Cells(columns[item.name], tokens) for item in model.inputs}
        kinds = {name: cells.plain_kind for name, cells in self.cells.items()}
        self._missing = frozenset({"", *tokens})
        checks = {"text": self._plain_texts, "datetime": _plain_moments}
        self._blocks = Blocks(
            [
                Block(names, types, dtype, checks.get(kind))
                for kind, (types, dtype) in PLAIN.items()
                if (names := [name for name, found in kinds.items() if found == kind])
            ]
        )
        self._others = [name for name, kind in kinds.items() if kind is None]
        self.takes_pictures = any(columns[name].kind == "image" for name in self.cells)
        self._names_told = [result.name for result in self.told]
        self._is_nested = any(result.inside or not result.name for result in self.told)
        self.flagger = Flagger({name: columns[name] for name in self.cells}, model.words)
        self.known = frozenset({*columns, *model.signature.ignored, model.signature.target})
        self._names, self._wanted = sorted(self.known), _listed(self.cells)

    def read(self, rows: Sequence[Any], *, is_sent: bool = False) -> Batch:
        """Read the rows; what is wrong with one does not touch the others.

        Those that somebody sent may hold no dates in other units than microseconds.
        """
        if len(rows) == 1 and (feeds := self._read_plain(rows[0], is_sent)) is not None:
            return Batch(feeds, [0], {}, {}, 1)
        errors: dict[int, str] = {}
        known, wanted = self.known, self.cells.keys()
        rows = [self._named(row) for row in rows]
        for position, row in enumerate(rows):
            if type(row) is not dict:
                errors[position] = f"a row must be an object of columns, however: {shown(row)}"
            elif not row.keys() <= known:
                errors[position] = self._unknown(row, len(errors) < HINTS)
            elif wanted and row.keys().isdisjoint(wanted):
                errors[position] = f"a row must have columns of the model: {self._wanted}"
        if len(errors) == len(rows):
            return Batch({}, [], errors, {}, len(rows))
        absent: dict[int, list[str]] = {}
        usable = [{} if position in errors else row for position, row in enumerate(rows)]
        feeds = {}
        for name, cells in self.cells.items():
            values = [row.get(name, ABSENT) for row in usable]
            for position, value in enumerate(values):
                if value is ABSENT:
                    absent.setdefault(position, []).append(name)
            feeds[name] = cells.read(values, errors, is_sent=is_sent)
        good = [position for position in range(len(rows)) if position not in errors]
        if errors:
            feeds = {name: array[good] for name, array in feeds.items()}
        return Batch(feeds, good, errors, absent, len(rows))

    def _named(self, row: Any) -> Any:
        """Return the row with unknown names as columns bear them: each letter one character."""
        if type(row) is not dict or row.keys() <= self.known:
            return row
        own = {name if name in self.known else composed(name): row[name] for name in row}
        return own if len(own) == len(row) else row

    def _read_plain(self, row: Any, is_sent: bool) -> dict[str, Array] | None:
        """Return the feeds of a lone row that is as the signature has it, else None."""
        if type(row) is not dict or not row.keys() <= self.known:
            return None
        if (feeds := self._blocks.read(row)) is None:
            return None
        for name in self._others:
            value = row.get(name, ABSENT)
            errors: dict[int, str] = {}
            feeds[name] = self.cells[name].read([value], errors, is_sent=is_sent)
            if errors or value is ABSENT:
                return None
        return feeds

    def _plain_texts(self, texts: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Return texts that are none of those that stand for no value."""
        return texts if self._missing.isdisjoint(map(str.strip, texts)) else None

    def answers(self, batch: Batch, outputs: Mapping[str, Array]) -> list[dict[str, Any]]:
        """Return one answer per row: what the model says of it, or what is wrong with it."""
        if batch.count == 1 and batch.good and not batch.absent:
            (answer,) = self._predictions(outputs)
            for flags in self.flagger.flags(batch.feeds).values():
                answer["flags"] = flags
            return [answer]
        answers: list[dict[str, Any]] = [
            {"error": batch.errors[position]} if position in batch.errors else {}
            for position in range(batch.count)
        ]
        for position, answer in zip(batch.good, self._predictions(outputs), strict=True):
            answers[position] = answer
            if position in batch.absent:
                answer["missing"] = batch.absent[position]
        for place, flags in self.flagger.flags(batch.feeds).items():
            answers[batch.good[place]]["flags"] = flags
        return answers

    def _predictions(self, outputs: Mapping[str, Array]) -> list[dict[str, Any]]:
        columns = [
            _said(result, outputs[name])
            for result, name in zip(self.told, self.outputs, strict=True)
        ]
        if self._is_nested:
            return [self._nested(values) for values in zip(*columns, strict=True)]
        names = self._names_told
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    def _nested(self, values: Sequence[Any]) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for result, value in zip(self.told, values, strict=True):
            place = answer.setdefault(result.inside, {}) if result.inside else answer
            place |= {result.name: value} if result.name else value
        return answer

    def _unknown(self, row: Mapping[str, Any], with_hint: bool) -> str:
        name = next(key for key in row if key not in self.known)[:100]
        return f"unknown column `{name}`{nearest(name, self._names) if with_hint else ''}"


def _said(result: Result, values: Array) -> list[Any]:
    """Return what an output `(N,)` or `(N, K)` says of each row, as JSON takes it."""
    if result.owners:
        return [
            {
                owner: dict(zip(result.names, own, strict=True))
                for owner, own in zip(result.owners, row, strict=True)
            }
            for row in values
        ]
    if result.kind == "numbers":
        return [dict(zip(result.names, row, strict=True)) for row in values]
    if result.kind == "tags":
        return list(labels_of(values))
    if result.kind == "steps":
        return [dict(zip(result.names, numbers_of(row).T.tolist(), strict=True)) for row in values]
    if result.kind == "image":
        return [to_cell(picture) for picture in values]
    items: list[Any] = values.ravel().tolist()
    if result.kind == "text":
        return [None if item == "" else item for item in items]
    if result.kind == "datetime":
        return [None if item == NAT else str(np.datetime64(item, "us")) for item in items]
    return items


def _plain_moments(given: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """Return moments as whole microseconds, of numbers and of plain dates, if none is in doubt."""
    moments = []
    for item in given:
        moment = plain_micros(item) if type(item) is str else item
        if moment is None or not DOUBTFUL <= moment <= LATEST:
            return None
        moments.append(moment)
    return tuple(moments)


def _listed(names: Any) -> str:
    first = [f"`{name}`" for name in list(names)[:10]]
    return ", ".join(first) + (" …" if len(names) > 10 else "")


def replay(model: Model, rows: Rows) -> str | None:
    """Return why the model's golden rows do not give what they gave at export, or None.

    `ninefold.golden` holds `rows` as the rows endpoint takes them, the `outputs` that belong to
    them, and the `tolerance` of a number (relative to the largest one, at least to 1).
    """
    import json

    try:
        golden = json.loads(model.metadata.get("ninefold.golden", '{"rows": [], "outputs": {}}'))
        batch = rows.read(golden["rows"])
        expected, tolerance = list(golden["outputs"].values()), float(golden.get("tolerance", 1e-5))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"its golden rows must be readable, however: {error}"
    if batch.errors:
        return f"golden row {min(batch.errors)}: {batch.errors[min(batch.errors)]}"
    if not batch.count:
        return None
    got = model.run(batch.feeds)
    for name, want in zip(rows.outputs, expected, strict=True):
        if not _equal(np.asarray(got[name]), np.asarray(want), tolerance):
            return (
                f"its golden rows must give the `{name}` they gave at export, however: "
                f"{got[name][:3].tolist()} instead of {want[:3]}"
            )
    return None


def _equal(got: Array, want: Array, tolerance: float) -> bool:
    if got.dtype == object:
        return got.ravel().tolist() == want.ravel().tolist()
    want = want.astype(np.float64).reshape(got.shape)
    scale = max(1.0, float(np.nanmax(np.abs(want), initial=0.0)))
    return bool(np.allclose(got, want, rtol=0, atol=tolerance * scale, equal_nan=True))
