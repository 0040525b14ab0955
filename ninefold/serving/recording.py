"""Keeps a share of the requests for a later look: off the request path, without masked columns.

One line of JSON a row, in files of bounded size; the oldest go when the folder is full. What cannot
be kept, since too much waits or the disk is full, is left out: no answer waits for it.
"""

import contextlib
import json
import logging
import os
import queue
import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ninefold.errors import InputError
from ninefold.serving import protocol
from ninefold.serving.limits import Limits
from ninefold.serving.model import Array, Model
from ninefold.serving.reading import header_length, sent_rows
from ninefold.serving.rows import Rows
from ninefold.serving.served import Answer
from ninefold.signature import NAT

FILES = 16
"""Files in a full folder."""
WAITING, WAITING_BYTES = 1024, 32 * 2**20
"""Requests, and bytes of them, that wait to be written at most."""
CELL_DIMS = 2
"""Dims of an input of one cell a row."""
MASKED, HEAD = "ninefold.masked", "ninefold.head"
log = logging.getLogger("ninefold.serving")


class Request(NamedTuple):
    """A request that was answered; `rows` reads what was sent of each answered row, later on."""

    at: float
    model: Model
    outputs: Mapping[str, Array]
    size: int
    rows: Callable[[], Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class RecordSpec:
    """Where requests are kept, the share of them, and megabytes in all."""

    folder: Path
    share: float = 1.0
    max_mb: float = 256.0

    def check(self) -> None:
        """Raise `InputError` for a share, a size or a folder that is wrong."""
        if not 0 < self.share <= 1:
            raise InputError(
                f"--record-share must lie above 0 and at most at 1, however: {self.share:g}"
            )
        if not self.max_mb >= 1:
            raise InputError(f"--record-mb must be at least 1, however: {self.max_mb:g}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise InputError(
                f"--record {self.folder} must be a folder to write to, however: {error.strerror}"
            ) from None


def chosen(folder: Path | None, share: float | None, max_mb: float | None) -> RecordSpec | None:
    """Return what the options of `ninefold serve` ask for. Raises `InputError`."""
    given = {"share": share, "max_mb": max_mb}
    given = {name: value for name, value in given.items() if value is not None}
    if folder is None:
        if given:
            raise InputError("--record-share and --record-mb must go with --record DIR")
        return None
    spec = RecordSpec(folder, **given)  # type: ignore[arg-type]
    spec.check()
    return spec


class Recorder(threading.Thread):
    """Writes requests in a thread of its own; several processes may share the folder."""

    def __init__(self, spec: RecordSpec, limits: Limits) -> None:
        super().__init__(name="recorder", daemon=True)
        self.spec, self.limits = spec, limits
        self._queue: queue.Queue[Request | None] = queue.Queue(WAITING)
        self._taken = self._written = self._lost = 0
        self._rows: dict[str, Rows] = {}
        self._file: tuple[str, Path] | None = None
        self._random = random.Random()  # noqa: S311

    def offer(
        self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes], answer: Answer
    ) -> None:
        """Take an answered request, by the share; costs no more than a place in the queue."""
        model, outputs = answer.model, answer.outputs
        if model is not None and outputs is not None:
            read = self._tensors if endpoint == "infer" else self._sent
            self._take(model, outputs, len(body), partial(read, model, body, headers))

    def offer_tensors(
        self, model: Model, feeds: Mapping[str, Array], rows: int, outputs: Mapping[str, Array]
    ) -> None:
        """Take answered tensors as well."""
        size = sum(array.nbytes for array in feeds.values())
        self._take(model, outputs, size, partial(_rows_of, model, feeds, rows))

    def _take(
        self,
        model: Model,
        outputs: Mapping[str, Array],
        size: int,
        rows: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> None:
        if self._random.random() >= self.spec.share:
            return
        if self._taken - self._written + size > WAITING_BYTES:
            self._lost += 1
            return
        try:
            self._queue.put_nowait(Request(time.time(), model, outputs, size, rows))
            self._taken += size
        except queue.Full:
            self._lost += 1

    def run(self) -> None:
        while (request := self._queue.get()) is not None:
            try:
                self._write(request)
            except OSError as error:
                self._lost += 1
                self._file = None
                log.warning("requests are not recorded: %s", error.strerror)
            except Exception:
                self._lost += 1
                log.exception("a request is not recorded")
            self._written += request.size

    def stop(self, timeout_s: float = 5.0) -> None:
        """Write what waits, and end."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=timeout_s)
        self.join(timeout_s)
        if self._lost:
            log.warning("%d requests were not recorded", self._lost)

    def _write(self, request: Request) -> None:
        if any(item.datatype == "UINT8" for item in request.model.inputs):
            return
        lines = b"".join(self._lines(request))
        if not lines:
            return
        path = self._path(request.model)
        with path.open("ab") as file:
            file.write(lines)

    def _lines(self, request: Request) -> Iterator[bytes]:
        """Yield a line for each row: what was sent, less masked columns, and what was put out."""
        masked = _masked(request.model)
        hidden = hidden_outputs(request.model, masked)
        outputs = {n: array.tolist() for n, array in request.outputs.items() if n not in hidden}
        for place, row in enumerate(request.rows()):
            content = {
                "at": round(request.at, 3),
                "version": request.model.version,
                "row": {name: value for name, value in row.items() if name not in masked},
                "outputs": {name: values[place] for name, values in outputs.items()},
            }
            yield json.dumps(content).encode() + b"\n"

    def _tensors(
        self, model: Model, body: bytes, headers: Mapping[bytes, bytes]
    ) -> Sequence[Mapping[str, Any]]:
        decoded = protocol.decode(body, header_length(headers), model, self.limits)
        return _rows_of(model, decoded.feeds, decoded.rows)

    def _sent(
        self, model: Model, body: bytes, headers: Mapping[bytes, bytes]
    ) -> Sequence[Mapping[str, Any]]:
        rows = self._rows.get(model.version) or self._rows.setdefault(model.version, Rows(model))
        sent = sent_rows(body, headers, rows.signature, self.limits).rows
        return [sent[place] for place in rows.read(sent).good]

    def _path(self, model: Model) -> Path:
        """Return the file to append to: a new one when the last is large or of another version."""
        if self._file is not None:
            version, path = self._file
            size = path.stat().st_size if path.is_file() else 0
            if version == model.version and 0 < size < self._file_bytes:
                return path
        name = f"{model.name}-{model.version}-{time.time_ns()}-{os.getpid()}.jsonl"
        path = self.spec.folder / name
        header = {"model": model.name, "version": model.version, "share": self.spec.share,
                  "masked": sorted(_masked(model))}  # fmt: skip
        path.write_bytes(json.dumps(header).encode() + b"\n")
        self._file = (model.version, path)
        self._prune()
        return path

    @property
    def _file_bytes(self) -> int:
        return int(self.spec.max_mb * 2**20 / FILES)

    def _prune(self) -> None:
        """Remove the oldest files until the others and one more have room."""
        found = []
        for path in self.spec.folder.glob("*.jsonl"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            found.append((stat.st_mtime_ns, stat.st_size, path))
        total = sum(size for _, size, _ in found) + self._file_bytes
        for _, size, path in sorted(found):
            if total <= self.spec.max_mb * 2**20:
                break
            if self._file is None or path != self._file[1]:
                path.unlink(missing_ok=True)
                total -= size


def _masked(model: Model) -> frozenset[str]:
    return frozenset(json.loads(model.metadata.get(MASKED, "[]")))


def hidden_outputs(model: Model, masked: Collection[str]) -> frozenset[str]:
    """Return the outputs that give back, or make up, a masked column."""
    if model.signature is None:
        return frozenset()
    pairs = zip(model.signature.outputs, model.signature.results, strict=False)
    is_of_columns = model.signature.results and HEAD not in model.metadata
    return frozenset(name for name, result in pairs if is_of_columns and result.name in masked)


def _rows_of(model: Model, feeds: Mapping[str, Array], count: int) -> list[Mapping[str, Any]]:
    """Return tensors `(N, 1)` as rows of JSON values, missing ones None; none of other shapes."""
    if any(len(item.shape) != CELL_DIMS for item in model.inputs):
        return []
    columns = {name: _cells(array.ravel()) for name, array in feeds.items()}
    return [{name: cells[row] for name, cells in columns.items()} for row in range(count)]


def _cells(values: Array) -> list[Any]:
    found = values.tolist()
    if values.dtype == np.int64:
        return [None if value == NAT else value for value in found]
    return [None if value != value else value for value in found]
