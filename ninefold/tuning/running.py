"""Where jobs run: in this process, in processes beside it, or on the workers of a Dask cluster.

All three take the same `work`; nothing but this file knows which one it is.
"""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

from ninefold.beside import Pool, call
from ninefold.cluster import connected
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

    def _started(self) -> Pool:
        return Pool(self.material, self.count)

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
        self._pool.end()


class Workers(Here):
    """Jobs on the workers of a Dask scheduler or a Ray cluster."""

    def __init__(self, material: Material, address: str) -> None:
        super().__init__(material)
        self._cluster = connected(material, address, "params.yaml: tune.scheduler")
        self.lost = self._cluster.lost

    @property
    def slots(self) -> int:
        return self._cluster.workers

    def submit(self, job: Job) -> "Future[Done]":
        return self._cluster.submit(work, job)

    def mend(self) -> None:
        self._cluster.mend()

    def close(self) -> None:
        self._cluster.close()


@contextlib.contextmanager
def runner(material: Material, workers: int, scheduler: str | None) -> Iterator[Here]:
    """Yield what jobs are given to. Raises `ConfigError` if the scheduler does not answer."""
    made: Here
    if scheduler is not None:
        made = Workers(material, scheduler)
    else:
        made = Processes(material, workers) if workers > 1 else Here(material)
    try:
        yield made
    finally:
        made.close()
