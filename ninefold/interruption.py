"""Ctrl-C and SIGTERM: the process ends at once, tidied up, with one line; and what it started does.

A `KeyboardInterrupt` would not do: libraries print it as a traceback where it hits a destructor,
it cannot reach threads, and it waits for pools to finish.
"""

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from ninefold import files

INTERRUPTED = 130
_always: list[Callable[[], object]] = []


def always(step: Callable[[], object]) -> None:
    """Have `step` called before this process ends by an interruption, whoever waits for it."""
    _always.append(step)


@contextlib.contextmanager
def ending(sentence: str, *steps: Callable[[], object]) -> Iterator[None]:
    """End this process on SIGINT with 130, on SIGTERM with 143, while the body runs.

    `sentence` goes to stderr, `steps` are called, and files that are not whole go.
    Outside the main thread, where Python takes no signals, nothing is changed.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{_fresh_line()}{sentence}\n")
        for step in (*_always, *steps):
            step()
        files.abandon()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(INTERRUPTED if number == signal.SIGINT else 128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def die_with_parent() -> None:
    """Ask Linux to end this process, or the program it becomes, when its parent dies, however: an
    orphan would write on.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _fresh_line() -> str:
    """Return what leaves the `^C` of a terminal, or a progress bar, on a line of its own."""
    return "\n" if sys.stderr.isatty() else ""
