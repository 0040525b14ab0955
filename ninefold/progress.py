"""Progress with an ETA: a bar in a terminal, a line now and then elsewhere."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")
LINE_EVERY_S, WAITED_S = 15.0, 60.0
_sink = threading.local()


def send_lines_to(write: Callable[[str], None] | None) -> None:
    """Send this thread's progress lines to `write` (a flow's logger) instead of stderr."""
    _sink.write = write


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Show none of this thread's progress inside the block: what is inside is one step of more."""
    before = getattr(_sink, "write", None)
    _sink.write = _unsaid
    try:
        yield
    finally:
        _sink.write = before


def _unsaid(_: str) -> None:
    """Take a line and show nothing."""


def progress(
    items: Iterable[T], title: str, total: int | None = None, unit: str = "it", initial: int = 0
) -> Iterator[T]:
    """Yield `items` and show how far they are and how long the rest will take.

    `initial` of the `total` were done before; they took no time now.
    """
    write = getattr(_sink, "write", None)
    if write is None and sys.stderr.isatty():
        from tqdm import tqdm

        yield from tqdm(items, desc=title, total=total, unit=unit, leave=False, initial=initial)
        return
    count = total if total is not None else len(items) if isinstance(items, Sized) else None
    start = last = time.monotonic()
    done = initial
    of = f" of {count}" if count else ""

    def say_that_it_works() -> None:
        if time.monotonic() - last >= WAITED_S:
            _line(write, f"{title}: {done} {unit}{of}, {time.monotonic() - start:.0f} s so far")

    with _repeating(say_that_it_works) if write is not _unsaid else contextlib.nullcontext():
        for item in items:
            done += 1
            yield item
            now = time.monotonic()
            if now - last >= LINE_EVERY_S:
                last = now
                left = (now - start) / (done - initial) * (count - done) if count else 0.0
                _line(write, f"{title}: {done} {unit}{of}" + f", {left:.0f} s left" * bool(count))


@contextlib.contextmanager
def _repeating(act: Callable[[], None]) -> Iterator[None]:
    """Call `act` from a thread of its own every `WAITED_S` seconds inside the block."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(WAITED_S):
            act()

    threading.Thread(target=repeat, daemon=True).start()
    try:
        yield
    finally:
        over.set()


class Percents:
    """Shows how far a task is, of which only shares are known; the first share costs no time."""

    def __init__(self, title: str) -> None:
        self._title, self._shown = title, 0
        self._steps: Iterator[int] | None = None

    def reach(self, share: float) -> None:
        """Say that `share` of the task, 0 to 1, is done."""
        percent = min(100, int(share * 100))
        if self._steps is None:
            self._shown = percent
            left = range(percent, 100)
            self._steps = progress(left, self._title, total=100, unit="%", initial=percent)
        for _ in range(self._shown, percent):
            next(self._steps)
        self._shown = max(self._shown, percent)

    def __enter__(self) -> "Percents":
        return self

    def __exit__(self, *_: object) -> None:
        if isinstance(self._steps, Generator):
            self._steps.close()


def say(text: str) -> None:
    """Show a line where this thread's progress is shown."""
    _line(getattr(_sink, "write", None), text)


def _line(write: Callable[[str], None] | None, text: str) -> None:
    if write is None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    else:
        write(text)
