"""Gives memory back to the system once large requests are answered: glibc keeps what was freed."""

import asyncio
import ctypes
from collections.abc import Callable
from functools import cache

from ninefold.serving.threads import threads

AFTER_S = 0.5
"""Large requests within so long share a call."""


class Memory:
    """Calls the allocator after large requests; lives on one event loop."""

    def __init__(self) -> None:
        self._waits = False

    def give_back_soon(self) -> None:
        """Have what is free given back a little later, in a thread."""
        if not self._waits and _trim() is not None:
            self._waits = True
            asyncio.get_running_loop().call_later(AFTER_S, self._give_back)

    def _give_back(self) -> None:
        self._waits = False
        asyncio.get_running_loop().run_in_executor(threads(), give_back)


def give_back() -> None:
    """Give back now what is free, in the calling thread."""
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """Return glibc's `malloc_trim`, or None where there is none."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return found
