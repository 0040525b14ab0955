"""Reads large bodies in processes beside the server.

A parser holds the interpreter's lock until it is through: a body of 31 MB, read in a thread, kept
every other request waiting for seconds, whatever came of it. A process is started with the first
large body. It also keeps what a damaged file may do to a parser of Parquet away from the server.
"""

import asyncio
import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, NamedTuple, TypeVar

from ninefold import beside
from ninefold.serving import parquet, reading
from ninefold.serving.limits import RequestError
from ninefold.serving.memory import give_back
from ninefold.serving.threads import CORES

R = TypeVar("R")
LOST = "the body must be readable, however: the process that read it died of it"


class Refused(NamedTuple):
    """Why a body was not read."""

    reason: str
    status: int


class Readers:
    """The processes of one server; any thread may ask them."""

    def __init__(self) -> None:
        self._pool: beside.Pool | None = None
        self._lock, self._one_alone = threading.Lock(), asyncio.Semaphore(1)

    async def read(self, function: Callable[..., R], *arguments: Any) -> R:
        """Return what a function reads.

        Raises:
            RequestError: it is wrong, or a process died of it.
        """
        pool, asked = self._asked(function, *arguments)
        try:
            return _given(await asyncio.wrap_future(asked))
        except BrokenProcessPool:
            self._forget(pool)
        async with self._one_alone:
            with _alone(function, *arguments) as asked:
                return _given(await asyncio.wrap_future(asked))

    def read_now(self, function: Callable[..., R], *arguments: Any) -> R:
        """Return what a function reads, in a thread that may wait; raises what `read` does."""
        pool, asked = self._asked(function, *arguments)
        try:
            return _given(asked.result())
        except BrokenProcessPool:
            self._forget(pool)
        with _alone(function, *arguments) as asked:
            return _given(asked.result())

    def stop(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.end()

    def _asked(
        self, function: Callable[..., R], *arguments: Any
    ) -> tuple[beside.Pool, "Future[R | Refused]"]:
        with self._lock:
            if self._pool is None:
                self._pool = beside.Pool(None, CORES)
            try:
                return self._pool, self._pool.submit(_read, function, *arguments)
            except BrokenProcessPool:
                self._pool = beside.Pool(None, CORES)
                return self._pool, self._pool.submit(_read, function, *arguments)

    def _forget(self, pool: beside.Pool) -> None:
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


def _read(function: Callable[..., R], *arguments: Any) -> R | Refused:
    """Read a body in a process of its own, and give the memory it took back."""
    gc.disable()  # JSON holds no cycles, and a collection looks through all of its values
    try:
        return function(*arguments)
    except RequestError as error:
        return Refused(error.reason, error.status)
    finally:
        give_back()


@contextlib.contextmanager
def _alone(function: Callable[..., R], *arguments: Any) -> "Iterator[Future[R | Refused]]":
    """Read a body again, in a process that reads nothing else: another may have ended the first."""
    pool = beside.Pool(None, 1)
    try:
        yield pool.submit(_read, function, *arguments)
    except BrokenProcessPool:
        raise RequestError(LOST) from None
    finally:
        pool.shutdown(wait=False)


def _given(found: R | Refused) -> R:
    """Return what was read, or raise why it was not.

    An error that came as such would hold the frame that waits for it, and so the body, for long.
    """
    if isinstance(found, Refused):
        raise RequestError(found.reason, found.status)
    return found
