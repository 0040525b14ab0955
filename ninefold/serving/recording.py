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
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ninefold.errors import InputError
from ninefold.serving.limits import Limits, RequestError
from ninefold.serving.model import Array, Model
from ninefold.serving.readers import is_large, readers
from ninefold.serving.reading import Job
from ninefold.serving.recorded import Answered, lines_of_body, lines_of_tensors
from ninefold.serving.rows import Rows
from ninefold.serving.served import Answer

FILES = 16
"""Files in a full folder."""
WAITING, WAITING_BYTES = 1024, 32 * 2**20
"""Requests, and bytes of them, that wait to be written at most."""
HEAD = "ninefold.head"
PAUSE_S = 1.0
"""A folder that took nothing is tried again after so long."""
log = logging.getLogger("ninefold.serving")


class Request(NamedTuple):
    """A request that was answered; `lines` words it, later on."""

    at: float
    model: Model
    outputs: Mapping[str, Array]
    size: int
    lines: Callable[[Answered], bytes]


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
        self._files: dict[tuple[str, str], Path] = {}
        self._closed_until: float | None = None
        self._random = random.Random()  # noqa: S311

    def offer(
        self, endpoint: str, body: bytes, headers: Mapping[bytes, bytes], answer: Answer
    ) -> None:
        """Take an answered request, by the share; costs no more than a place in the queue."""
        model, outputs = answer.model, answer.outputs
        if model is not None and outputs is not None:
            job = Job(model, endpoint, body, headers, self.limits)
            self._take(model, outputs, len(body), partial(self._of_body, model, job))

    def offer_tensors(
        self, model: Model, feeds: Mapping[str, Array], rows: int, outputs: Mapping[str, Array]
    ) -> None:
        """Take answered tensors as well."""
        size = sum(array.nbytes for array in feeds.values())
        self._take(model, outputs, size, partial(self._of_tensors, model, feeds, rows, size))

    def _take(
        self,
        model: Model,
        outputs: Mapping[str, Array],
        size: int,
        lines: Callable[[Answered], bytes],
    ) -> None:
        if self._random.random() >= self.spec.share:
            return
        if self._taken - self._written + size > WAITING_BYTES:
            self._lost += 1
            return
        try:
            self._queue.put_nowait(Request(time.time(), model, outputs, size, lines))
            self._taken += size
        except queue.Full:
            self._lost += 1

    def run(self) -> None:
        while (request := self._queue.get()) is not None:
            try:
                self._keep(request)
            except RequestError as error:
                self._lost += 1
                log.warning("a request is not recorded: %s", error.reason)
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

    def _keep(self, request: Request) -> None:
        """Write a request, or count it as lost; that nothing can be written is said once."""
        closed = self._closed_until
        if closed is not None and time.monotonic() < closed:
            self._lost += 1
            return
        try:
            self._write(request)
        except OSError as error:
            self._lost += 1
            self._closed_until = time.monotonic() + PAUSE_S
            if closed is None:
                log.warning("requests are not recorded: %s", error.strerror)
        else:
            self._closed_until = None
            if closed is not None:
                log.warning("requests are recorded again; %d were not so far", self._lost)

    def _write(self, request: Request) -> None:
        if any(item.datatype == "UINT8" for item in request.model.inputs):
            return
        masked = request.model.masked
        hidden = hidden_outputs(request.model, masked)
        outputs = {name: array for name, array in request.outputs.items() if name not in hidden}
        lines = request.lines(Answered(request.at, request.model.version, masked, outputs))
        if not lines:
            return
        path = self._open_file(request.model, len(lines))
        if path is None:
            path, header = self._new_file(request.model)
            lines = header + lines
            self._prune(len(lines))
        _append(path, lines)
        self._files[request.model.name, request.model.version] = path

    def _of_body(self, model: Model, job: Job, answered: Answered) -> bytes:
        """Word a body; a large one beside the server, whose loop a parser here would hold up."""
        if len(job.body) > self.limits.beside_bytes or is_large(job):
            return readers().read_now(lines_of_body, answered, job)
        rows = None
        if job.endpoint != "infer":
            rows = self._rows.get(model.version)
            rows = rows or self._rows.setdefault(model.version, Rows(model))
        return lines_of_body(answered, job, rows)

    def _of_tensors(
        self, model: Model, feeds: Mapping[str, Array], rows: int, size: int, answered: Answered
    ) -> bytes:
        if size > self.limits.beside_bytes:
            return readers().read_now(lines_of_tensors, answered, model, feeds, rows)
        return lines_of_tensors(answered, model, feeds, rows)

    def _open_file(self, model: Model, size: int) -> Path | None:
        """Return the file of a version, None if it is gone or `size` bytes more are too many."""
        path = self._files.get((model.name, model.version))
        held = path.stat().st_size if path is not None and path.is_file() else 0
        return path if held and held + size <= self._file_bytes else None

    def _new_file(self, model: Model) -> tuple[Path, bytes]:
        """Return a file that is not there yet, and its first line."""
        name = f"{model.name}-{model.version}-{time.time_ns()}-{os.getpid()}.jsonl"
        header = {"model": model.name, "version": model.version, "share": self.spec.share,
                  "masked": sorted(model.masked)}  # fmt: skip
        return self.spec.folder / name, json.dumps(header).encode() + b"\n"

    @property
    def _file_bytes(self) -> int:
        return int(self.spec.max_mb * 2**20 / FILES)

    def _prune(self, size: int) -> None:
        """Remove the oldest files until the others and one more, of `size` bytes, have room."""
        if size > (most := self.spec.max_mb * 2**20):
            raise RequestError(f"it needs {size / 2**20:.1f} MB, --record-mb is {most / 2**20:g}")
        found = []
        for path in self.spec.folder.glob("*.jsonl"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            found.append((stat.st_mtime_ns, stat.st_size, path))
        total = sum(size for _, size, _ in found) + max(size, self._file_bytes)
        for _, held, path in sorted(found):
            if total <= most:
                break
            path.unlink(missing_ok=True)
            total -= held


def _append(path: Path, lines: bytes) -> None:
    """Add all of `lines` to a file, or nothing: a full disk takes a part of them."""
    with path.open("ab", buffering=0) as file:
        start = file.tell()
        try:
            left = memoryview(lines)
            while left:
                left = left[file.write(left) :]
        except OSError:
            file.truncate(start)
            if not start:
                path.unlink()
            raise


def hidden_outputs(model: Model, masked: Collection[str]) -> frozenset[str]:
    """Return the outputs that give back, or make up, a masked column."""
    if model.signature is None:
        return frozenset()
    pairs = zip(model.signature.outputs, model.signature.results, strict=False)
    is_of_columns = model.signature.results and HEAD not in model.metadata
    return frozenset(name for name, result in pairs if is_of_columns and result.name in masked)
