"""Work in processes beside this one, which end with it."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from ninefold.errors import ConfigError
from ninefold.progress import say

CONNECT_TIMEOUT_S = 15.0
S = TypeVar("S")
J = TypeVar("J")
R = TypeVar("R")
WATCH_EVERY_S = 1.0

_given: Any = None
"""In a process of ours: what its jobs share."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Pool(ProcessPoolExecutor):
    """`count` fresh processes that hold `shared`; give them jobs with `call`."""

    def __init__(self, shared: object, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        super().__init__(count, context, initializer=_begin, initargs=(shared, os.getpid()))
        self._jobs: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., R], /, *args: Any, **kwargs: Any) -> "Future[R]":
        """Return the future `fn(*args, **kwargs)`."""
        future = super().submit(fn, *args, **kwargs)
        self._jobs.add(future)
        future.add_done_callback(self._jobs.discard)
        return future

    def end(self) -> None:
        """End the processes; jobs that were not begun are dropped.

        Idle ones are waited for: the thread that closes their pipes, and Python, which wakes that
        thread when it ends, would get in each other's way (an `OSError` is printed then).
        """
        is_idle = all(job.done() for job in tuple(self._jobs))
        self.shutdown(wait=is_idle, cancel_futures=True)


def process(work: Callable[[S, J], object], shared: S, job: J) -> BaseProcess:
    """Start one process that calls `work(shared, job)` and ends."""
    context = multiprocessing.get_context("spawn")
    started = context.Process(target=_only, args=(work, shared, job, os.getpid()), daemon=True)
    started.start()
    return started


def call(work: Callable[[Any, J], R], job: J) -> R:
    """Return `work(shared, job)`, in a process of a `Pool`."""
    return work(_given, job)


def mapped(work: Callable[[S, J], R], shared: S, jobs: Sequence[J], count: int) -> Iterator[R]:
    """Yield `work(shared, job)` of every job in order, worked out in `count` processes.

    With a count of one nothing is started. Where a process goes (the kernel takes it for want of
    memory), what is left is worked out here, which is said. Errors of `work` are raised.
    """
    done = 0
    if count > 1:
        processes = Pool(shared, count)
        try:
            for future in [processes.submit(call, work, job) for job in jobs]:
                yield future.result()
                done += 1
        except BrokenProcessPool:
            say("a process has gone, most likely for want of memory: the rest is done in this one")
        finally:
            processes.end()
    for job in jobs[done:]:
        yield work(shared, job)


def dask_client(address: str, place: str) -> Any:
    """Return a client of the Dask scheduler at an address that stands at `place`.

    Raises:
        ConfigError: Dask is not installed, or the scheduler does not answer.
    """
    try:
        import distributed
    except ImportError:
        raise ConfigError(
            f"{place} needs Dask, however: it is not installed. `pip install 'ninefold[dask]'`"
        ) from None
    try:
        made: Any = distributed.Client
        return made(address, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConfigError(
            f"{place} must be the address of a Dask scheduler that "
            f"answers, however: {address!r} ({' '.join(str(error).split())})"
        ) from None


def _begin(shared: object, parent: int) -> None:
    """Keep what is shared; end with the parent, also with one that is killed."""
    global _given
    _given = shared
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _only(work: Callable[[S, J], object], shared: S, job: J, parent: int) -> None:
    _begin(shared, parent)
    work(shared, job)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_EVERY_S)
    os._exit(1)
