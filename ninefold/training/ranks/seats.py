"""Where the other ranks run: processes beside this one, or workers of a Dask cluster."""

from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from ninefold import beside
from ninefold.errors import ConfigError
from ninefold.training.ranks.following import Material, Seat, device_of, follow
from ninefold.training.ranks.group import FIRST

LOCAL = "127.0.0.1"
LEAVING_S = 2.0
"""How long a rank may take to end by itself."""


class Seats(Protocol):
    """Starts ranks; `host` is the address by which they reach this process."""

    host: str

    def start(self, material: Material, port: int) -> None:
        """Start every rank but the first."""

    def close(self) -> None:
        """End what was started."""


class Beside:
    """Ranks in processes of this machine, which end with this one."""

    host = LOCAL

    def __init__(self, size: int) -> None:
        self.size = size
        self._processes: list[BaseProcess] = []

    def start(self, material: Material, port: int) -> None:
        for rank in range(1, self.size):
            device = device_of(material.spec, rank)
            seat = Seat(rank, self.size, self.host, port, self.host, device)
            self._processes.append(beside.process(follow, material, seat))

    def close(self) -> None:
        for process in self._processes:
            process.join(LEAVING_S)
            process.kill()
            process.join()
        self._processes = []


class Cluster:
    """Ranks on the workers of a Dask scheduler, one each."""

    def __init__(self, size: int, address: str) -> None:
        self.size, self.address = size, address
        self._client: Any = None
        self._futures: list[Any] = []
        if (workers := len(self._workers())) < size - 1:
            raise ConfigError(
                f"params.yaml: train.ranks must be at most {workers + 1} with the workers of "
                f"{address}, however: {size}. Start more workers"
            )
        self.host = own_address()

    def _workers(self) -> list[str]:
        self._client = self._client or beside.dask_client(
            self.address, "params.yaml: train.scheduler"
        )
        return list(self._client.scheduler_info(n_workers=-1)["workers"])

    def start(self, material: Material, port: int) -> None:
        workers = self._workers()
        [shared] = self._client.scatter([material], broadcast=True, hash=False)
        device = device_of(material.spec, FIRST)
        self._futures = [
            self._client.submit(
                follow,
                shared,
                Seat(rank, self.size, self.host, port, device=device),
                workers=[workers[(rank - 1) % len(workers)]],
                allow_other_workers=True,
                pure=False,
                retries=0,
            )
            for rank in range(1, self.size)
        ]

    def close(self) -> None:
        if self._client is not None:
            self._client.cancel(self._futures, force=True)
            self._client.close()
            self._client = None


def seats(size: int, scheduler: str | None) -> Seats:
    """Return where `size` ranks run. Raises `ConfigError` if they cannot."""
    return Beside(size) if scheduler is None else Cluster(size, scheduler)


def own_address() -> str:
    """Return the address by which other machines reach this one."""
    import distributed.utils

    of_machine: Any = distributed.utils.get_ip
    return str(of_machine())
