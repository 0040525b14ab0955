"""How ranks reach one another: torch's process groups, without its global state."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed
from torch import Tensor

dist: Any = torch.distributed
T = TypeVar("T")
MEETING = timedelta(seconds=120)
"""How long ranks wait for one another at the start."""
ANSWER = timedelta(hours=1)
"""How long a rank waits for the next batch: the first one judges the valid rows meanwhile."""
FIRST = 0


class RankLost(Exception):  # noqa: N818 - no error of ours or the user's: the work is done again
    """A rank has gone in the middle of the work."""


class Group:
    """The ranks of one training run; `host` is the address by which others reach this one.

    NCCL between GPUs, Gloo between CPUs.
    """

    def __init__(self, store: Any, rank: int, size: int, device: torch.device, host: str) -> None:
        self.rank, self.size = rank, size
        if device.type == "cuda":
            self._group = _reached(lambda: dist.ProcessGroupNCCL(store, rank, size))
        else:
            gloo = dist.ProcessGroupGloo
            options = gloo._Options()
            options._devices = [gloo.create_device(hostname=host)]
            options._timeout = ANSWER
            self._group = _reached(lambda: gloo(store, rank, size, options))

    def send(self, tensor: Tensor) -> Tensor:
        """Overwrite `tensor` by what the first rank holds in it."""
        _reached(lambda: self._group.broadcast(tensor, FIRST).wait())
        return tensor

    def gather(self, tensor: Tensor) -> None:
        """Overwrite the first rank's `tensor` by the sum over all ranks."""
        options = dist.ReduceOptions()
        options.rootRank = FIRST
        _reached(lambda: self._group.reduce([tensor], options).wait())


def opened(host: str) -> Any:
    """Return a fresh meeting point at this machine's address `host`, on a free port."""
    return dist.TCPStore(host, 0, None, True, MEETING, wait_for_workers=False)


def met(host: str, port: int) -> Any:
    """Return the meeting point that the first rank opened. Raises `RankLost` if it has gone."""
    return _reached(lambda: dist.TCPStore(host, port, None, False, MEETING))


def share(rows: int, rank: int, size: int) -> slice:
    """Return which of a batch's rows are this rank's: all get as many, or one more."""
    return slice(rows * rank // size, rows * (rank + 1) // size)


def _reached(call: Callable[[], T]) -> T:
    try:
        return call()
    except RuntimeError as error:
        raise RankLost(" ".join(str(error).split())) from error
