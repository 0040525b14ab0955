"""Threads for what would hold up the event loop: one per core."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

CORES = os.cpu_count() or 1


@cache
def threads() -> ThreadPoolExecutor:
    """Return the threads that a server's event loops share."""
    return ThreadPoolExecutor(CORES, thread_name_prefix="model")


async def call(is_small: bool, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call `function` here, or in a thread when it would hold up the event loop."""
    if is_small:
        return function(*arguments)
    return await asyncio.get_running_loop().run_in_executor(threads(), function, *arguments)
