"""Jobs on the workers of a Dask cluster, each of which holds a copy of what the jobs share."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import Executor, Future
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from ninefold.beside import dask_client
from ninefold.progress import say

S = TypeVar("S")
J = TypeVar("J")
R = TypeVar("R")
MOST_AT_ONCE = "1GB"
"""Rows travel inside the jobs, so that a worker that dies takes none with it: Dask warns beyond."""


class Connected(Protocol[S]):
    """A cluster that does jobs: of Dask, or of Ray."""

    lost: tuple[type[BaseException], ...]

    @property
    def workers(self) -> int:
        """How many workers there are now, at least one."""

    @property
    def threads(self) -> int:
        """How many jobs the workers do at once, at least one."""

    def mend(self) -> None:
        """Make ready for jobs again after a worker has gone."""

    def submit(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        """Return the future `work(shared, job)`."""

    def result(self, future: "Future[R]", work: Callable[[S, J], R], job: J) -> R:
        """Return what a job gave; where the cluster lost it, do it here."""

    def close(self) -> None:
        """Let go of the cluster, which goes on."""

    def __enter__(self) -> "Connected[S]": ...

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None: ...


class Cluster(Generic[S]):
    """The workers of a Dask scheduler; a worker that dies has its job done by another."""

    def __init__(self, shared: S, address: str, place: str) -> None:
        """`place` names the setting that holds the address, `shared` is read by all jobs.

        Raises:
            ConfigError: Dask is not installed, or the scheduler does not answer.
        """
        self._shared = shared
        self._client = dask_client(address, place)
        import distributed

        cancelled: Any = distributed.client.FutureCancelledError
        died: Any = distributed.scheduler.KilledWorker
        self.lost: tuple[type[BaseException], ...] = (Cancelled, cancelled)
        """What a future raises when the worker that had its job has gone."""
        self._died: type[BaseException] = died
        self._is_said = False
        self.mend()

    def mend(self) -> None:
        """Put a copy of what is shared on every worker, so that the loss of one loses nothing."""
        self._jobs: Executor = self._client.get_executor(pure=False)
        self._held = self._client.scatter(self._shared, broadcast=True, hash=False)

    @property
    def _workers(self) -> dict[str, Any]:
        return dict(self._client.scheduler_info(n_workers=-1)["workers"])

    @property
    def workers(self) -> int:
        """How many workers there are now, at least one."""
        return max(1, len(self._workers))

    @property
    def threads(self) -> int:
        """How many jobs the workers do at once, at least one."""
        return max(1, sum(int(worker["nthreads"]) for worker in self._workers.values()))

    def submit(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        """Return the future `work(shared, job)`."""
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": MOST_AT_ONCE}):
            return self._jobs.submit(work, self._held, job)

    def result(self, future: "Future[R]", work: Callable[[S, J], R], job: J) -> R:
        """Return what a job gave; where the cluster lost it, do it here, which is said once."""
        try:
            return future.result()
        except (*self.lost, self._died):
            if not self._is_said:
                say("Dask workers have gone: what they had is done in this process")
            self._is_said = True
            with contextlib.suppress(Exception):
                self.mend()
            return work(self._shared, job)

    def close(self) -> None:
        """Let go of the cluster, which goes on."""
        self._client.close()

    def __enter__(self) -> "Cluster[S]":
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self.close()


def connected(shared: S, address: str, place: str) -> "Connected[S]":
    """Return the cluster at an address, of Ray where it says so (`ray://host:10001`, `ray:auto`).

    Raises:
        ConfigError: what it needs is not installed, or it does not answer.
    """
    from ninefold.ray_cluster import PREFIX, RayCluster

    if address.startswith(PREFIX):
        return RayCluster(shared, address, place)
    return Cluster(shared, address, place)


def mapped(
    work: Callable[[S, J], R], shared: S, jobs: Sequence[J], address: str, place: str
) -> Iterator[R]:
    """Yield `work(shared, job)` of every job in order, as `ninefold.beside.mapped` does."""
    with connected(shared, address, place) as cluster:
        futures = [cluster.submit(work, job) for job in jobs]
        for future, job in zip(futures, jobs, strict=True):
            yield cluster.result(future, work, job)
