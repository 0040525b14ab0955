"""Jobs on a Ray cluster: each job is told where what the jobs share is held."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from typing import Any, TypeVar

from ninefold.beside import CONNECT_TIMEOUT_S
from ninefold.cluster import Cluster
from ninefold.errors import ConfigError

S = TypeVar("S")
J = TypeVar("J")
R = TypeVar("R")
PREFIX = "ray:"
"""How addresses of Ray clusters begin: `ray://host:10001` (Ray's client), `ray:auto` (the cluster
this machine is part of) or `ray:host:6379`.
"""
RETRIES = 3
"""How often Ray begins a job again whose worker has gone."""
HEAD_GONE_S, FOR_EVER_S = "RAY_gcs_rpc_server_reconnect_timeout_s", 10**6
"""Ray ends a process whose cluster's head is gone for a minute, unless this variable says more."""
LOOK_S, GONE_S = 1.0, 30.0
"""Ray waits for ever for a CPU to come; a cluster that had none for so long has gone."""


class RayCluster(Cluster[S]):
    """The workers of a Ray cluster."""

    kind = "Ray"

    def __init__(self, shared: S, address: str, place: str) -> None:
        """`place` names the setting that holds the address.

        Raises:
            ConfigError: Ray is not installed, or the cluster does not answer.
        """
        os.environ.setdefault(HEAD_GONE_S, str(FOR_EVER_S))
        try:
            import ray
        except ImportError:
            raise ConfigError(
                f"{place} needs Ray, however: it is not installed. `pip install 'ninefold[ray]'`"
            ) from None
        super().__init__(shared)
        self._ray: Any = ray
        where = address if address.startswith(f"{PREFIX}//") else address.removeprefix(PREFIX)
        try:
            self._begun = not ray.is_initialized()
            if self._begun:
                _reach(where)
                ray.init(where, log_to_driver=False, logging_level="error")
        except (ConnectionError, ImportError, OSError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{place} must be the address of a Ray cluster that answers, however: "
                f"{address!r} ({' '.join(str(error).split())[:200]})"
            ) from None
        errors = ray.exceptions
        self.lost = (
            CancelledError, errors.WorkerCrashedError, errors.ObjectLostError,
            errors.NodeDiedError, errors.OutOfMemoryError,
        )  # fmt: skip
        self._do = ray.remote(max_retries=RETRIES, num_cpus=1)(_do)
        self._under_way: set[Future[Any]] = set()
        self._closed, self._has_gone = threading.Event(), threading.Event()
        self._share()
        self._seen = time.monotonic()
        for done in (self._look, self._watch):
            threading.Thread(target=done, name="ray workers", daemon=True).start()

    def _share(self) -> None:
        self._need_workers()
        self._held = self._ray.put(self._shared)

    def _count(self) -> int:
        """Return how many jobs are done at once: one for each CPU of the cluster."""
        return int(self._ray.cluster_resources().get("CPU", 1))

    def _slots(self) -> int:
        return self._count()

    @property
    def _answers(self) -> bool:
        return bool(self._ray.is_initialized()) and not self._has_gone.is_set()

    def _send(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        self._need_workers()
        future: Future[R] = Future()
        self._under_way.add(future)
        sent: Future[R] = self._do.remote(work, self._held, job).future()
        sent.add_done_callback(lambda done: self._settle(future, done))
        return future

    def _need_workers(self) -> None:
        """Raise `CancelledError` once the cluster has gone: Ray would end this process with it."""
        if self._has_gone.is_set():
            raise CancelledError

    def _settle(self, future: "Future[R]", done: "Future[R]") -> None:
        """Pass on what became of a job, unless it was given up."""
        self._under_way.discard(future)
        with contextlib.suppress(InvalidStateError):
            if (error := done.exception()) is not None:
                future.set_exception(error)
            else:
                future.set_result(done.result())

    def _look(self) -> None:
        """Note when there is a worker; where the cluster's head is gone, Ray does not answer."""
        while not self._closed.wait(LOOK_S):
            with contextlib.suppress(Exception):
                if self._ray.cluster_resources().get("CPU", 0) >= 1:
                    self._seen = time.monotonic()

    def _watch(self) -> None:
        """Give up what is under way once there has been no worker for a while."""
        while not self._closed.wait(LOOK_S):
            if time.monotonic() - self._seen > GONE_S:
                self._has_gone.set()
                for future in list(self._under_way):
                    with contextlib.suppress(InvalidStateError):
                        future.set_exception(CancelledError())
                return

    def close(self) -> None:
        self._closed.set()
        if self._begun:
            self._ray.shutdown()


def _reach(where: str) -> None:
    """Raise `OSError` where nobody listens at an address: Ray itself tries again for minutes."""
    host, _, port = where.removeprefix(PREFIX).removeprefix("//").rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT_S).close()


def _do(work: Callable[[S, J], R], shared: S, job: J) -> R:
    return work(shared, job)
