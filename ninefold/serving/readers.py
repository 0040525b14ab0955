"""Reads large bodies in processes beside the server.

A parser holds the interpreter's lock until it is through: a body of 31 MB, read in a thread, kept
every other request waiting for seconds, whatever came of it. A process is started with the first
large body. It also keeps what a damaged file may do to a parser of Parquet away from the server.
"""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import NamedTuple

from ninefold import beside
from ninefold.serving import parquet, reading
from ninefold.serving.limits import RequestError
from ninefold.serving.memory import give_back
from ninefold.serving.protocol import Request
from ninefold.serving.threads import CORES

Found = Request | reading.Told
LOST = "the body must be readable, however: the process that read it died of it"


class Refused(NamedTuple):
    """Why a body was not read."""

    reason: str
    status: int


class Readers:
    """The processes of one server; any thread may ask them."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._lock, self._one_alone = threading.Lock(), asyncio.Semaphore(1)

    async def read(self, job: reading.Job) -> Found:
        """Return what a large body asks.

        Raises:
            RequestError: it is wrong, or a process died of it.
        """
        pool, asked = self._asked(job)
        try:
            return _given(await asyncio.wrap_future(asked))
        except BrokenProcessPool:
            self._forget(pool)
        async with self._one_alone:
            with _alone(job) as asked:
                return _given(await asyncio.wrap_future(asked))

    def read_now(self, job: reading.Job) -> Found:
        """Return what a large body asks, in a thread that may wait; raises what `read` does."""
        pool, asked = self._asked(job)
        try:
            return _given(asked.result())
        except BrokenProcessPool:
            self._forget(pool)
        with _alone(job) as asked:
            return _given(asked.result())

    def stop(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _asked(self, job: reading.Job) -> tuple[ProcessPoolExecutor, "Future[Found | Refused]"]:
        with self._lock:
            if self._pool is None:
                self._pool = beside.pool(None, CORES)
            try:
                return self._pool, self._pool.submit(_read, job)
            except BrokenProcessPool:
                self._pool = beside.pool(None, CORES)
                return self._pool, self._pool.submit(_read, job)

    def _forget(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None


@cache
def readers() -> Readers:
    """Return the readers of this process."""
    return Readers()


def is_large(job: reading.Job) -> bool:
    """Tell whether a body is to be read beside the server: much JSON or CSV, and all Parquet."""
    size = len(job.body)
    if job.endpoint == "infer":
        length = job.headers.get(reading.LENGTH, b"")
        if length.isdigit() and len(length) <= reading.LENGTH_DIGITS:
            size = min(size, int(length))
    elif reading.media_type(job.headers) in parquet.TYPES:
        return True
    return size > job.limits.beside_bytes


def _read(job: reading.Job) -> Found | Refused:
    """Read a body in a process of its own, and give the memory it took back."""
    gc.disable()  # JSON holds no cycles, and a collection looks through all of its values
    try:
        return reading.read(job)
    except RequestError as error:
        return Refused(error.reason, error.status)
    finally:
        give_back()


@contextlib.contextmanager
def _alone(job: reading.Job) -> "Iterator[Future[Found | Refused]]":
    """Read a body again, in a process that reads nothing else: another may have ended the first."""
    pool = beside.pool(None, 1)
    try:
        yield pool.submit(_read, job)
    except BrokenProcessPool:
        raise RequestError(LOST) from None
    finally:
        pool.shutdown(wait=False)


def _given(found: Found | Refused) -> Found:
    """Return what was read, or raise why it was not.

    An error that came as such would hold the frame that waits for it, and so the body, for long.
    """
    if isinstance(found, Refused):
        raise RequestError(found.reason, found.status)
    return found
