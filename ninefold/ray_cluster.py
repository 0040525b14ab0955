"""Jobs on a Ray cluster: each job is told where what the jobs share is held."""

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

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


class RayCluster(Cluster[S]):
    """The workers of a Ray cluster."""

    kind = "Ray"

    def __init__(self, shared: S, address: str, place: str) -> None:
        """`place` names the setting that holds the address.

        Raises:
            ConfigError: Ray is not installed, or the cluster does not answer.
        """
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
        self._share()

    def _share(self) -> None:
        self._held = self._ray.put(self._shared)

    def _count(self) -> int:
        """Return how many jobs are done at once: one for each CPU of the cluster."""
        return int(self._ray.cluster_resources().get("CPU", 1))

    def _slots(self) -> int:
        return self._count()

    @property
    def _answers(self) -> bool:
        return bool(self._ray.is_initialized())

    def _send(self, work: Callable[[S, J], R], job: J) -> "Future[R]":
        future: Future[R] = self._do.remote(work, self._held, job).future()
        return future

    def close(self) -> None:
        if self._begun:
            self._ray.shutdown()


def _do(work: Callable[[S, J], R], shared: S, job: J) -> R:
    return work(shared, job)
