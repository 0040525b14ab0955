"""Loads the models, proves them on their golden rows and serves them until told to stop."""

import asyncio
import contextlib
import gc
import importlib.util
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from ninefold import __version__
from ninefold.errors import InputError
from ninefold.serving.access_log import AccessLog
from ninefold.serving.endpoints import ASGIApp, Endpoints
from ninefold.serving.grpc_service import Service
from ninefold.serving.http import ShortProtocol
from ninefold.serving.keys import Keys
from ninefold.serving.limits import Limits
from ninefold.serving.metrics import Metrics
from ninefold.serving.model import Model
from ninefold.serving.pages import Pages
from ninefold.serving.readers import readers
from ninefold.serving.recording import Recorder, RecordSpec
from ninefold.serving.repository import Repository
from ninefold.serving.sources import Source
from ninefold.serving.trial import OnTrial, Trial
from ninefold.serving.watching import Watcher

BACKLOG = 2048
KEEP_ALIVE_S = 75
"""A connection without a request is kept longer than load balancers keep theirs (most 60 s), else a
request may come while it is being closed."""
MAX_PORT = 65535


@dataclass(frozen=True)
class Settings:
    """How a server behaves beside its limits.

    `reload_s` is how often model files are looked at, in seconds; 0 only on SIGHUP. `grpc` is the
    address (host:port) that answers gRPC.
    """

    reload_s: float = 1.0
    keys: Keys | None = None
    access_log: AccessLog | None = None
    trial: OnTrial | None = None
    grpc: str | None = None
    record: RecordSpec | None = None


def application(
    repository: Repository,
    metrics: Metrics | None = None,
    settings: Settings | None = None,
    recorder: Recorder | None = None,
    reports: Mapping[str, Path] | None = None,
) -> ASGIApp:
    """Return the ASGI app that serves the models of `repository`, and the reports on them."""
    metrics, settings = metrics or Metrics(), settings or Settings()
    pages = Pages(repository, metrics, __version__, reports).app()
    return Endpoints(repository, pages, metrics, settings.keys, settings.access_log, recorder)


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address. Raises `InputError` when it cannot be had."""
    if not 0 <= port <= MAX_PORT:
        raise InputError(f"--port must lie in 0…{MAX_PORT}, however: {port}")
    bound = None
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(BACKLOG)
    except OSError as error:
        if bound is not None:
            bound.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"--host and --port must name a free address, however: {host}:{port}: {reason}. "
            "Choose another --port, or 0 for any free one"
        ) from None
    return bound


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket that keeps a port free for the gRPC servers of all workers.

    Raises:
        InputError: it is taken, or gRPC is not installed.
    """
    if importlib.util.find_spec("grpc") is None:
        raise InputError("--grpc-port must go with gRPC, however: `pip install ninefold[grpc]`")
    with bind(host, port) as free:
        family, address = free.family, free.getsockname()
    kept = socket.socket(family, socket.SOCK_STREAM)
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    kept.bind(address)
    return kept


def grace_s(limits: Limits | None = None) -> float:
    """Return how long requests under way may take once a server is told to stop."""
    return (limits or Limits()).run_timeout_s


class Server(uvicorn.Server):
    """Takes in whoever waits to be let in before it closes its door."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in sockets or []:
            with contextlib.suppress(OSError):
                while True:
                    accepted, _ = listener.accept()
                    accepted.setblocking(False)
                    await asyncio.get_running_loop().connect_accepted_socket(
                        self._connection, accepted
                    )
        await super().shutdown(sockets)

    def _connection(self) -> asyncio.Protocol:
        state = self.lifespan.state
        return ShortProtocol(config=self.config, server_state=self.server_state, app_state=state)


def serve(
    models: Sequence[Model],
    sources: Mapping[str, Source],
    bound: socket.socket,
    limits: Limits | None = None,
    settings: Settings | None = None,
    begin: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests under way are finished first.

    `sources` says where each model comes from; a new version there is proved and swapped in.
    `begin` is called once every address listens.
    """
    limits, settings, metrics = limits or Limits(), settings or Settings(), Metrics()
    challengers, trials = {}, {}
    if (new := settings.trial) is not None:
        trial = Trial(new.mode, new.share, new.model, limits, metrics.tallies)
        trials[new.model.name], challengers[new.model.name] = trial, new.source
    repository = Repository(models, limits, trials)
    watcher = Watcher(repository, sources, metrics, settings.reload_s, challengers)
    recorder = Recorder(settings.record, limits) if settings.record else None
    reports = {name: source.reports for name, source in sources.items()}
    config = uvicorn.Config(
        application(repository, metrics, settings, recorder, reports),
        log_config=None,
        access_log=False,
        lifespan="off",
        http=ShortProtocol,
        ws="none",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(grace_s(limits)),
    )
    server = Server(config)

    def end(*_: object) -> None:
        server.should_exit = True

    # Uvicorn listens to signals from its start on; one that comes before must not be lost.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: watcher.wake())
    watcher.start()
    if recorder is not None:
        recorder.start()
    gc.freeze()  # what was loaded stays: no collection looks through it again
    service = Service(
        repository, metrics, settings.keys, __version__, recorder, settings.access_log
    )

    async def answer() -> None:
        rpc = await service.start(settings.grpc) if settings.grpc else None
        begin()
        await server.serve(sockets=[bound])
        if rpc is not None:
            await rpc.stop(grace_s(limits))

    with (
        contextlib.closing(bound),
        asyncio.Runner(loop_factory=config.get_loop_factory()) as runner,
    ):
        runner.run(answer())
    watcher.stop()
    readers().stop()
    if recorder is not None:
        recorder.stop()
    if settings.access_log is not None:
        settings.access_log.close()
