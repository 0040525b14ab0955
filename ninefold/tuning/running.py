"""Where jobs run: in this process, in processes beside it, or on the workers of a Dask cluster.

All three take the same `work`; nothing but this file knows which one it is.
"""

import contextlib
from collections.abc import Iterator
from concurrent.futures import CancelledError as Cancelled
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from ninefold.beside import call, dask_client, pool
from ninefold.tuning.work import Done, Job, Material, work


class Here:
    """One job at a time, in this process."""

    lost: tuple[type[BaseException], ...] = ()
    """What a future raises when the process that worked on it has gone."""

    def __init__(self, material: Material) -> None:
        self.material = material

    @property
    def slots(self) -> int:
        """How many jobs run side by side."""
        return 1

    def submit(self, job: Job) -> "Future[Done]":
        """Return the future result of a job."""
        future: Future[Done] = Future()
        try:
            future.set_result(work(self.material, job))
        except Exception as error:
            future.set_exception(error)
        return future

    def mend(self) -> None:
        """Make ready for jobs again after a process has gone."""

    def close(self) -> None:
        """End what was started."""


class Processes(Here):
    """Jobs in `count` processes, which end with this one."""

    lost = (BrokenProcessPool,)

    def __init__(self, material: Material, count: int) -> None:
        super().__init__(material)
        self.count = count
        self._pool = self._started()

    @property
    def slots(self) -> int:
        return self.count

    def _started(self) -> ProcessPoolExecutor:
        return pool(self.material, self.count)

    def submit(self, job: Job) -> "Future[Done]":
        try:
            return self._pool.submit(call, work, job)
        except BrokenProcessPool as error:  # it went before anybody asked for a result
            future: Future[Done] = Future()
            future.set_exception(error)
            return future

    def mend(self) -> None:
        self.close()
        self._pool = self._started()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class Cluster(Here):
    """Jobs on the workers of a Dask scheduler; a worker that dies has its job done by another."""

    def __init__(self, material: Material, address: str) -> None:
        super().__init__(material)
        self._client = dask_client(address, "tune.scheduler")
        import distributed

        self.lost = (Cancelled, distributed.client.FutureCancelledError)
        self._spread()

    def _spread(self) -> None:
        """Put a copy of the material on every worker, so that the loss of one loses nothing."""
        self._jobs: Executor = self._client.get_executor(pure=False)
        self._shared = self._client.scatter(self.material, broadcast=True, hash=False)

    @property
    def slots(self) -> int:
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def submit(self, job: Job) -> "Future[Done]":
        return self._jobs.submit(work, self._shared, job)

    def mend(self) -> None:
        self._spread()

    def close(self) -> None:
        self._client.close()


@contextlib.contextmanager
def runner(material: Material, workers: int, scheduler: str | None) -> Iterator[Here]:
    """Yield what jobs are given to. Raises `ConfigError` if the Dask scheduler does not answer."""
    made: Here
    if scheduler is not None:
        made = Cluster(material, scheduler)
    else:
        made = Processes(material, workers) if workers > 1 else Here(material)
    try:
        yield made
    finally:
        made.close()
