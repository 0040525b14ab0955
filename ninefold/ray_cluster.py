"""Jobs on a Ray cluster, which holds a copy of what the jobs share, as `ninefold.cluster` does."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any, Generic, TypeVar

from ninefold.errors import ConfigError
from ninefold.progress import say

S = TypeVar("S")
J = TypeVar("J")
R = TypeVar("R")
PREFIX = "ray:"
"""How addresses of Ray clusters begin: `ray://host:10001` (Ray's client), `ray:auto` (the cluster
this machine is part of) or `ray:host:6379`.
"""
RETRIES = 3
"""How often Ray begins a job again whose worker has gone."""


class RayCluster(Generic[S]):
    """The workers of a Ray cluster; a worker that dies has its job done by another."""

    def __init__(self, shared: S, address: str, place: str) -> None:
        """`place` names the setting that holds the address, `shared` is read by all jobs.

        Raises:
            ConfigError: Ray is not installed, or the cluster does not answer.
        """
        try:
            import ray
        except ImportError:
            raise ConfigError(
                f"{place} needs Ray, however: it is not installed. `pip install 'ninefold[ray]'`"
            ) from None
        self._ray: Any = ray
        self._shared = shared
        where = address if address.startswith(f"{PREFIX}//") else address.removeprefix(PREFIX)
        try:
            self._begun = not ray.is_initialized()
            if self._begun:
                ray.init(where, log_to_driver=False, logging_level="error")
        except (ConnectionError, ImportError, OSError, RuntimeError, ValueError) as error:
            raise ConfigError(
                f"{place} must be the address of a Ray cluster that answers, however: "
                f"{address!r} ({' '.join(str(error).split())[:200]})"
            ) from None
        errors = ray.exceptions
        self.lost: tuple[type[BaseException], ...] = (
            CancelledError, errors.WorkerCrashedError, errors.ObjectLostError,
            errors.NodeDiedError, errors.OutOfMemoryError,
        )  # fmt: skip
        """What a future raises when the worker that had its job has gone."""
        self._is_said = False
        self._do = ray.remote(max_retries=RETRIES, num_cpus=1)(_do)
        self.mend()

    def mend(self) -> None:
        """Put a copy of what is shared into the cluster's memory."""
        self._held = self._ray.put(self._shared)

    @property
    def workers(self) -> int:
        """How many jobs are done at once, at least one: one for each CPU of the cluster."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    @property
    def threads(self) -> int:
        """How many jobs the workers do at once, at least one."""
        return self.workers

    def submit(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        """Return the future `work(shared, job)`."""
        future: Future[R] = self._do.remote(work, self._held, job).future()
        return future

    def result(self, future: "Future[R]", work: Callable[[S, J], R], job: J) -> R:
        """Return what a job gave; where the cluster lost it, do it here, which is said once."""
        try:
            return future.result()
        except self.lost:
            if not self._is_said:
                say("Ray workers have gone: what they had is done in this process")
            self._is_said = True
            return work(self._shared, job)

    def close(self) -> None:
        """Let go of the cluster, which goes on."""
        if self._begun:
            self._ray.shutdown()

    def __enter__(self) -> "RayCluster[S]":
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self.close()


def _do(work: Callable[[S, J], R], shared: S, job: J) -> R:
    return work(shared, job)
