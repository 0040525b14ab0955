"""How long a file takes for one row and for many: one thread, as a server runs it."""

import time
from typing import Any

import numpy as np

from ninefold.columns import Frame
from ninefold.runtime import run

ONE, MANY = 1, 256
ROUNDS, MOST_SECONDS = 200, 0.5


def latency(session: Any, rows: Frame) -> dict[str, float]:
    """Return microseconds for a row alone, and per row of a batch: medians.

    Args:
        session: an ONNX Runtime session of one thread (`ninefold.runtime.session`).
        rows: raw rows, the columns as the model takes them.
    """
    names = [item.name for item in session.get_inputs()]
    return {
        "one_row_us": _median(session, rows.feeds(names, 0, ONE)),
        "per_row_us": _median(session, rows.feeds(names, 0, MANY)) / min(MANY, len(rows)),
    }


def _median(session: Any, feeds: dict[str, Any]) -> float:
    """Return the median time of a run in microseconds; the first runs do not count.

    It is this thread's CPU time: what else the machine does has no say.
    """
    for _ in range(3):
        run(session, feeds)
    taken: list[float] = []
    until = time.perf_counter() + MOST_SECONDS
    while len(taken) < ROUNDS and (time.perf_counter() < until or len(taken) < 5):
        start = time.thread_time()
        run(session, feeds)
        taken.append(time.thread_time() - start)
    return float(np.median(taken)) * 1e6
