"""Where chunks are scored: by threads of this process, or by the workers of a Dask cluster."""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import pyarrow as pa

import ninefold
from ninefold import production
from ninefold.cluster import Cluster, connected
from ninefold.errors import InputError
from ninefold.scoring.chunks import Chunk, Chunker, Observer, Order
from ninefold.serving.model import Model
from ninefold.serving.rows import Rows


class Place(Protocol):
    """Takes chunks; `slots` says how many it scores at once."""

    @property
    def slots(self) -> int:
        """How many chunks are scored at once."""

    def submit(self, chunker: Chunker, first: int, batch: pa.RecordBatch) -> Callable[[], Chunk]:
        """Begin with rows that start at position `first`; return what waits for them."""


class Threads:
    """Threads of this process, which end with it; one for each core."""

    def __init__(self) -> None:
        self.slots = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.slots)

    def submit(self, chunker: Chunker, first: int, batch: pa.RecordBatch) -> Callable[[], Chunk]:
        return self._pool.submit(chunker, first, batch).result

    def __enter__(self) -> "Threads":
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


@dataclass
class Shared:
    """What every worker holds of a job: the model's bytes, and what is loaded from them there."""

    content: bytes
    name: str
    version: str
    observe: Observer | None
    model: tuple[Model, Rows] | None = None
    chunkers: dict[Order, Chunker] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"model": None, "chunkers": {}}

    def chunker(self, order: Order) -> Chunker:
        """Return what scores the chunks of a source. Raises `InputError` for another Ninefold."""
        if self.version != ninefold.__version__:
            raise InputError(
                f"Workers must have Ninefold {self.version}, however: {ninefold.__version__}"
            )
        if self.model is None:
            model = Model(self.name, self.content, arena=True)
            self.model = model, Rows(model)
        if order not in self.chunkers:
            self.chunkers[order] = Chunker(*self.model, order, self.observe)
        return self.chunkers[order]


Job = tuple[Order, int, pa.RecordBatch]


def _scored(shared: Shared, job: Job) -> Chunk:
    order, first, batch = job
    return shared.chunker(order)(first, batch)


class Workers:
    """The workers of a Dask cluster; rows travel to them, files that rows name must be there."""

    def __init__(self, cluster: Cluster[Shared]) -> None:
        self._cluster = cluster
        self.slots = cluster.threads

    def submit(self, chunker: Chunker, first: int, batch: pa.RecordBatch) -> Callable[[], Chunk]:
        job = chunker.order, first, batch
        future = self._cluster.submit(_scored, job)
        return lambda: self._cluster.result(future, _scored, job)


@contextlib.contextmanager
def workers(
    model: Model, path: Path, address: str, observe: Observer | None = None
) -> Iterator[Workers]:
    """Yield the workers of the Dask scheduler at `address`, for the model in the file `path`.

    Raises:
        ConfigError: Dask is not installed, or the scheduler does not answer.
        InputError: the model's file changed since it was loaded.
    """
    content = production.model_file(path).read_bytes()
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise InputError(f"model {path} must stay as it is, however: it changed. Score again")
    shared = Shared(content, model.name, ninefold.__version__, observe)
    with connected(shared, address, "scheduler") as cluster:
        yield Workers(cluster)
