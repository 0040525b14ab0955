"""Loads the models, proves them on their golden rows and serves them until told to stop."""

import signal
import socket
import time
from collections.abc import Sequence
from contextlib import closing

import numpy as np
import uvicorn

from ninefold import __version__
from ninefold.errors import InputError
from ninefold.serving.endpoints import ASGIApp, Endpoints
from ninefold.serving.limits import Limits
from ninefold.serving.model import Array, Model, first_line
from ninefold.serving.openapi import example_row
from ninefold.serving.pages import Pages
from ninefold.serving.rows import Rows, replay

WARM_UP_RUNS = 5
BACKLOG = 2048
MAX_PORT = 65535


def prepare(model: Model) -> None:
    """Replay the golden rows and warm the model up; sets `fault`, `is_batchable` and `row_s`."""
    if model.signature is None:
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
        np.array_equal(np.concatenate([part[name] for part in alone]), together[name], _nan(value))
        for name, value in together.items()
    )
    for _ in range(WARM_UP_RUNS):
        start = time.perf_counter()
        model.run(feeds[0])
        model.row_s = min(model.row_s, time.perf_counter() - start)


def _nan(array: Array) -> bool:
    return bool(array.dtype.kind == "f")


def application(models: Sequence[Model], limits: Limits | None = None) -> ASGIApp:
    """Return the ASGI app that serves `models`."""
    limits = limits or Limits()
    return Endpoints(models, Pages(models, __version__).app(), limits)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address. Raises `InputError` when it cannot be had."""
    if not 0 <= port <= MAX_PORT:
        raise InputError(f"--port must lie in 0…{MAX_PORT}, however: {port}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"--host and --port must name a free address, however: {host}:{port}: {reason}. "
            "Choose another --port, or 0 for any free one"
        ) from None
    return bound


def serve(models: Sequence[Model], bound: socket.socket, limits: Limits | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished first."""
    limits = limits or Limits()
    config = uvicorn.Config(
        application(models, limits),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        limit_concurrency=limits.max_connections,
        timeout_graceful_shutdown=int(limits.run_timeout_s),
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    with closing(bound):
        uvicorn.Server(config).run(sockets=[bound])
