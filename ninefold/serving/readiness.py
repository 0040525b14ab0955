"""Proves a loaded model on its golden rows and warms it up, before it may answer."""

import contextlib
import time
from collections.abc import Mapping

import numpy as np

from ninefold.runtime import stacked
from ninefold.serving.model import Array, Model, first_line
from ninefold.serving.openapi import example_row
from ninefold.serving.rows import Rows, replay

WARM_UP_RUNS = 5
MANY = 16
"""Rows of the run that tells what a further row costs."""


def prepare(model: Model) -> None:
    """Replay the golden rows and warm the model up; sets `fault`, `is_batchable` and the times."""
    if model.signature is None:
        with contextlib.suppress(Exception):
            model.row_s = _shortest_s(model, _plain_feeds(model))
        return
    rows = Rows(model)
    try:
        model.fault = replay(model, rows)
        _measure(model, rows)
    except Exception as error:
        model.fault = model.fault or f"it cannot run: {first_line(error)}"


def _measure(model: Model, rows: Rows) -> None:
    """Find out how long a row takes, and whether its outputs depend on its neighbours."""
    assert model.signature is not None
    filled = rows.read([example_row(model.signature)])
    empty = {name: cells.read([cells.placeholder], {}) for name, cells in rows.cells.items()}
    feeds = [dict(filled.feeds) if filled.good else empty, empty]
    alone = [model.run(part) for part in feeds]
    together = model.run({name: np.concatenate([part[name] for part in feeds]) for name in empty})
    model.is_batchable = all(
        np.array_equal(stacked([part[name] for part in alone]), together[name], _nan(value))
        for name, value in together.items()
    )
    model.row_s = _shortest_s(model, feeds[0])
    if model.is_batchable:
        many = {name: np.repeat(array, MANY, axis=0) for name, array in feeds[0].items()}
        model.more_s = max(_shortest_s(model, many) - model.row_s, 0.0) / (MANY - 1)


def _shortest_s(model: Model, feeds: Mapping[str, Array]) -> float:
    shortest = float("inf")
    for _ in range(WARM_UP_RUNS):
        start = time.perf_counter()
        model.run(feeds)
        shortest = min(shortest, time.perf_counter() - start)
    return shortest


def _plain_feeds(model: Model) -> dict[str, Array]:
    """Return ones, or empty texts, for the inputs of a model that says nothing of them."""
    return {
        item.name: np.full(
            [max(size, 1) for size in item.shape], "" if item.dtype is object else 1
        ).astype(item.dtype)
        for item in model.inputs
    }


def _nan(array: Array) -> bool:
    return bool(array.dtype.kind == "f")
