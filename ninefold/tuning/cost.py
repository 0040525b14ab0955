"""What an answer of the exported file costs: `model.onnx` as it would be served, in one thread."""

import statistics
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ninefold import runtime
from ninefold.columns import Array, Frame

if TYPE_CHECKING:
    from ninefold.training import TrainedModel

SINGLE_RUNS, BATCH_RUNS, BATCH_ROWS, ROUNDS = 60, 8, 256, 3


def measure(model: "TrainedModel", featurize: bytes, rows: Frame) -> dict[str, float]:
    """Export the model for raw rows and time it.

    Returns:
        `latency_ms` median time of single rows, `batch_latency_ms` of 256 rows (each the best of
        three rounds, since other work can only slow a round down), `size_kb` of the file.
    """
    import onnx

    from ninefold.compose import compose
    from ninefold.export.network import network_to_onnx
    from ninefold.runtime import session

    columns = [column.name for column in rows.columns if "derived" not in column.roles]
    net = network_to_onnx(model)
    derived = onnx.load_from_string(featurize)
    proto = compose(derived, model.preprocessing.model, net, model.head, None, columns)
    content = proto.SerializeToString(deterministic=True)
    running = session(content)
    names = [item.name for item in running.get_inputs()]
    index = np.arange(max(SINGLE_RUNS, BATCH_ROWS)) % len(rows)
    single = [rows.take(index[n : n + 1]).feeds(names) for n in range(SINGLE_RUNS)]
    batch = rows.take(index[:BATCH_ROWS]).feeds(names)
    return {
        "latency_ms": _median_ms(running, single),
        "batch_latency_ms": _median_ms(running, [batch] * BATCH_RUNS),
        "size_kb": len(content) / 1000,
    }


def _median_ms(running: Any, feeds: Sequence[Mapping[str, Array]]) -> float:
    """Return the lowest of the medians of some rounds, after a round that is not counted."""
    medians = []
    for _ in range(ROUNDS + 1):
        times = []
        for feed in feeds:
            start = time.perf_counter()
            runtime.run(running, feed)
            times.append(time.perf_counter() - start)
        medians.append(1000 * statistics.median(times))
    return min(medians[1:])
