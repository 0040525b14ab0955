"""Jobs on the workers of a cluster, each of which holds a copy of what the jobs share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import Executor, Future
from typing import Any, ClassVar, Generic, Self, TypeVar

from ninefold.beside import dask_client
from ninefold.errors import ConfigError
from ninefold.progress import say

S = TypeVar("S")
J = TypeVar("J")
R = TypeVar("R")
MOST_AT_ONCE = "1GB"
"""Rows travel inside the jobs, so that a worker that dies takes none with it: Dask warns beyond."""


class Cluster(ABC, Generic[S]):
    """Workers that do jobs, of Dask or of Ray; a worker that dies has its job done by another, and
    where none is left, this process does the rest.
    """

    kind: ClassVar[str]
    lost: tuple[type[BaseException], ...] = ()
    """What a future raises when the worker that had its job has gone."""
    given_up: tuple[type[BaseException], ...] = ()
    """What it raises when workers have gone so often with a job that no other one gets it."""
    _is_said = _is_gone = False

    def __init__(self, shared: S) -> None:
        """`shared` is read by all jobs."""
        self._shared = shared

    @property
    def workers(self) -> int:
        """How many workers there are now, at least one."""
        return 1 if self._is_gone else max(1, self._count())

    @property
    def threads(self) -> int:
        """How many jobs the workers do at once, at least one."""
        return 1 if self._is_gone else max(1, self._slots())

    @abstractmethod
    def _count(self) -> int:
        """Return how many workers there are."""

    @abstractmethod
    def _slots(self) -> int:
        """Return how many jobs they do at once."""

    @abstractmethod
    def _share(self) -> None:
        """Give the workers there are now what is shared."""

    @abstractmethod
    def _send(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        """Return the future `work(shared, job)` of a worker."""

    @property
    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether the cluster can still be reached."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the cluster, which goes on."""

    def mend(self) -> None:
        """Give the workers there are now what is shared, so that the loss of one loses nothing."""
        if self._is_gone:
            return
        try:
            self._share()
        except Exception:
            self._give_up()

    def submit(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        """Return the future `work(shared, job)`; it is done here where no worker is left."""
        if not self._is_gone:
            try:
                return self._send(work, job)
            except Exception:
                if self._answers:
                    raise
                self._give_up()
        future: Future[R] = Future()
        try:
            future.set_result(work(self._shared, job))
        except Exception as error:
            future.set_exception(error)
        return future

    def result(self, future: "Future[R]", work: Callable[[S, J], R], job: J) -> R:
        """Return what a job gave; where the cluster lost it, do it here, which is said once."""
        try:
            return future.result()
        except (*self.lost, *self.given_up):
            if not self._is_said:
                say(f"{self.kind} workers have gone: what they had is done in this process")
            self._is_said = True
            self.mend()
            return work(self._shared, job)

    def _give_up(self) -> None:
        self._is_gone = True
        say(f"no {self.kind} worker is left: the rest is done in this process")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DaskCluster(Cluster[S]):
    """The workers of a Dask scheduler."""

    kind = "Dask"

    def __init__(self, shared: S, address: str, place: str) -> None:
        """`place` names the setting that holds the address.

        Raises:
            ConfigError: Dask is not installed, or the scheduler does not answer or has no workers.
        """
        super().__init__(shared)
        self._client = dask_client(address, place)
        import distributed

        cancelled: Any = distributed.client.FutureCancelledError
        died: Any = distributed.scheduler.KilledWorker
        self.lost, self.given_up = (Cancelled, cancelled), (died,)
        try:
            self._share()
        except TimeoutError:
            self.close()
            raise ConfigError(
                f"{place} must be the address of a Dask scheduler with workers, however: "
                f"{address!r} has none. Start some with `dask worker {address}`"
            ) from None

    def _share(self) -> None:
        self._jobs: Executor = self._client.get_executor(pure=False)
        self._held = self._client.scatter(self._shared, broadcast=True, hash=False)

    @property
    def _workers(self) -> dict[str, Any]:
        return dict(self._client.scheduler_info(n_workers=-1)["workers"])

    def _count(self) -> int:
        return len(self._workers)

    def _slots(self) -> int:
        return sum(int(worker["nthreads"]) for worker in self._workers.values())

    @property
    def _answers(self) -> bool:
        return bool(self._client.status == "running")

    def _send(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        import dask

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": MOST_AT_ONCE}):
            return self._jobs.submit(work, self._held, job)

    def close(self) -> None:
        self._client.close()


def connected(shared: S, address: str, place: str) -> Cluster[S]:
    """Return the cluster at an address, of Ray where it says so (`ray://host:10001`, `ray:auto`).

    Raises:
        ConfigError: what it needs is not installed, or it does not answer.
    """
    from ninefold.ray_cluster import PREFIX, RayCluster

    if address.startswith(PREFIX):
        return RayCluster(shared, address, place)
    return DaskCluster(shared, address, place)


def mapped(
    work: Callable[[S, J], R], shared: S, jobs: Sequence[J], address: str, place: str
) -> Iterator[R]:
    """Yield `work(shared, job)` of every job in order, as `ninefold.beside.mapped` does."""
    with connected(shared, address, place) as cluster:
        futures = [cluster.submit(work, job) for job in jobs]
        for future, job in zip(futures, jobs, strict=True):
            yield cluster.result(future, work, job)
